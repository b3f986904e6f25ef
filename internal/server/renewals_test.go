package server

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/seal"
)

// The command line hands a renewal over to the server that has the folder; it is told
// how far it is, and what came out.
func TestRenewalIsHandedOver(t *testing.T) {
	_, at, _ := runFirst(t)
	bearer := []string{"Authorization", "Bearer " + at.Token}
	post := func(body string) (int, string) {
		return ask{method: "POST", path: "/local/renewal", body: body, header: bearer}.do(t, at)
	}
	for _, body := range []string{`{"hash":"md5","by":"t"}`, `{"hash":"sha512","by":"t","rate":-1}`, `{"hash":"sha512","who":"t"}`} {
		if code, answer := post(body); code != 400 {
			t.Errorf("%s: %d %s", body, code, answer)
		}
	}
	code, answer := post(`{"hash":"sha512","by":"t"}`)
	if code != 200 {
		t.Fatalf("%d %s", code, answer)
	}
	lines := strings.Split(strings.TrimSpace(answer), "\n")
	var first, last RenewalLine
	for i, x := range map[int]*RenewalLine{0: &first, len(lines) - 1: &last} {
		if err := json.Unmarshal([]byte(lines[i]), x); err != nil {
			t.Fatal(err)
		}
	}
	if first.Progress == nil || last.Result == nil || last.Result.Algorithm != seal.SHA512 || last.Result.Lines == 0 || len(last.Result.Broken) > 0 {
		t.Errorf("first %s\nlast %s", lines[0], lines[len(lines)-1])
	}
	if code, answer = post(`{"hash":"sha512","by":"t","begin":true}`); code != 200 || !strings.Contains(answer, `"begun":true`) {
		t.Errorf("begun: %d %s", code, answer)
	}
}
