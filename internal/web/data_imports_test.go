package web

import (
	"strings"
	"testing"
)

// Files of one name are told apart by the folder they lay in.
func TestImportsOfOneName(t *testing.T) {
	m := company(3)
	one := m.status.Imports[0]
	one.Folder = "FS01"
	m.status.Imports = []Import{one}
	h := siteOf(t, func(c *Config) { c.Source = m })
	if _, body := get(t, h, "/data"); strings.Contains(body, "<bdi>FS01</bdi>") {
		t.Error("the folder of a single file is shown")
	}
	two := one
	two.Folder = "FS02"
	m.status.Imports = append(m.status.Imports, two)
	_, body := get(t, h, "/data")
	for _, folder := range []string{"FS01", "FS02"} {
		if !strings.Contains(body, "<bdi>"+folder+"</bdi>") {
			t.Errorf("%s is not told", folder)
		}
	}
}
