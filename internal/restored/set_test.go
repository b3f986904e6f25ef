package restored

import (
	"bytes"
	"testing"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

func someSet(t testing.TB) (*Set, string) {
	s := &Set{Format: formatVersion, Server: "FS1", Day: "2026-11-23", Zone: "Asia/Tokyo", Parts: []seal.Hash{{1}, {2}}, Made: 3, By: "担当", Records: 4, Superseded: 1, Files: []File{}}
	name, err := s.name()
	if err != nil {
		t.Fatal(err)
	}
	s.Files = append(s.Files, File{Name: name + ".0.seg", Rows: 4, Size: 99, SHA256: seal.Hash{7}})
	return s, name
}

// The own file of a set comes back, and one of another name, day or format, or that names
// files elsewhere, does not.
func TestSet(t *testing.T) {
	s, name := someSet(t)
	encode := func(s *Set) []byte {
		b, err := manifest.Encode(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	got, err := decodeSet(encode(s), s.Day, name+".json")
	if err != nil || !bytes.Equal(encode(got), encode(s)) || !got.Current(s.Parts) || got.Current(s.Parts[:1]) {
		t.Fatalf("%+v, %v", got, err)
	}
	if _, err := decodeSet(encode(s), "2026-11-24", name+".json"); err == nil {
		t.Error("a set of another day is read")
	}
	if _, err := decodeSet(encode(s), s.Day, "x.json"); err == nil {
		t.Error("a set of another name is read")
	}
	for what, change := range map[string]func(*Set){
		"format":          func(s *Set) { s.Format = 2 },
		"server":          func(s *Set) { s.Server = "FS2" },
		"parts":           func(s *Set) { s.Parts = s.Parts[:1] },
		"file elsewhere":  func(s *Set) { s.Files[0].Name = "../" + s.Files[0].Name },
		"file of another": func(s *Set) { s.Files[0].Name = "y.0.seg" },
		"own file":        func(s *Set) { s.Files[0].Name = name + ".json" },
	} {
		c, _ := someSet(t)
		change(c)
		if _, err := decodeSet(encode(c), s.Day, name+".json"); err == nil {
			t.Errorf("another %s is read", what)
		}
	}
}

func FuzzSet(f *testing.F) {
	s, name := someSet(f)
	b, err := manifest.Encode(s)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"format":1,"files":null}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := decodeSet(b, s.Day, name+".json")
		if err != nil {
			return
		}
		again, err := manifest.Encode(got)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeSet(again, s.Day, name+".json"); err != nil {
			t.Fatal(err)
		}
	})
}
