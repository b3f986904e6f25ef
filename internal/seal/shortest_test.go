package seal

import (
	"bytes"
	"crypto/rand"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

// Every bit of a checkpoint counts: the last character of a signature's Base64 has two
// that decode to nothing, and another value of them is refused too.
func TestSignatureInShortestForm(t *testing.T) {
	const base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	private, _, err := note.GenerateKey(rand.Reader, "akashi")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	root := strings.Repeat("A", 43) + "="
	text, err := note.Sign(&note.Note{Text: "akashi\n7\n" + root + "\ntime 5\n"}, signer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseCheckpoint(text); err != nil {
		t.Fatal(err)
	}
	at := bytes.LastIndexByte(text, '=') - 1
	was := strings.IndexByte(base64, text[at])
	for bits := 1; bits < 4; bits++ {
		text[at] = base64[was^bits]
		if _, err := ParseCheckpoint(text); err == nil || !strings.Contains(err.Error(), "shortest") {
			t.Errorf("last character %q for %q: %v", text[at], base64[was], err)
		}
	}
}
