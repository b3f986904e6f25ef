package config

import (
	"slices"
	"strings"
	"testing"
)

func TestMyNumberFolders(t *testing.T) {
	f := func(entry string, want bool) {
		t.Helper()
		c := Default()
		c.MyNumber.Folders = []string{`D:\ok`, entry}
		bad := c.Validate()
		if got := len(bad) == 0; got != want {
			t.Errorf("%.60q: %v, want good %v", entry, bad, want)
		}
		if !want && (len(bad) != 1 || bad[0].Key != "my_number.folders[1]") {
			t.Errorf("%.60q: %v", entry, bad)
		}
	}
	for _, good := range []string{`D:\共有\人事`, `D:\共有\人事\`, `D:/共有`, `\\FS01\人事`, `\\FS01\人事\給与`, "特定個人情報", "マイナンバー（支払調書）", "/srv/hr"} {
		f(good, true)
	}
	for _, bad := range []string{"", " ", `D:\`, `D:`, `D:x\y`, `\\FS01`, `\`, "/", "*", `D:\人事\*`, "a\nb", " 人事", `D:\人事\..\x`, `D:\a\\b`, strings.Repeat("x", 5000)} {
		f(bad, false)
	}
	c := Default()
	c.MyNumber.Folders = slices.Repeat([]string{"x"}, 51)
	if bad := c.Validate(); len(bad) != 1 || bad[0].Key != "my_number.folders" {
		t.Errorf("51 entries: %v", bad)
	}
	c.MyNumber.Folders = []string{`D:\共有\'人事'`, "特定個人情報", `\\FS01\x`}
	again, bad := Parse(c.Text())
	if len(bad) > 0 || !slices.Equal(again.MyNumber.Folders, c.MyNumber.Folders) {
		t.Errorf("%v %v", again.MyNumber, bad)
	}
	if _, bad := Parse([]byte("[my_number]\nfolders = ['*']\n")); len(bad) != 1 || bad[0].Line != 2 {
		t.Errorf("%v", bad)
	}
}
