package query

import (
	"reflect"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/record"
)

func TestExtent(t *testing.T) {
	rec := func(server, path, to string) *record.Record {
		return &record.Record{Server: server, Path: path, NewPath: to, Share: `\\FS01.example.jp\人事`, ShareRoot: uint32(len(`D:\共有\人事`))}
	}
	f := func(x Extent, r *record.Record, want bool) {
		t.Helper()
		r.Class = record.ClassUser
		if int(r.ShareRoot) > len(r.Path) {
			r.Share, r.ShareRoot = "", 0
		}
		if got := NewSight(x).Sees(r); got != want {
			t.Errorf("%+v sees %q of %s, to %q: %v", x, r.Path, r.Server, r.NewPath, got)
		}
		if got := NewMatcher(Query{Within: x}).Match(r); got != want {
			t.Errorf("%+v matches %q of %s, to %q: %v", x, r.Path, r.Server, r.NewPath, got)
		}
	}
	in := `D:\共有\人事\a`
	f(Extent{}, rec("FS01", "", ""), true)
	f(Extent{Servers: []string{"fs01"}}, rec("FS01.example.jp", "", ""), true)
	f(Extent{Servers: []string{"FS01.other"}}, rec("FS01.example.jp", "", ""), false)
	for _, folder := range []string{`D:\共有\人事`, `d:/共有/人事/`, `\\fs01\人事`, `\\FS01.example.jp\人事\`, in} {
		x := Extent{Folders: []string{`E:\x`, folder}}
		f(x, rec("FS01", in, ""), true)
		f(x, rec("FS01", in, `D:\共有\人事\a\b`), true)
		f(x, rec("FS01", in, `D:\共有\人事課`), false)
		f(x, rec("FS01", in, `D:\共有`), false)
		f(x, rec("FS01", `D:\共有\総務\a`, in), false)
		f(x, rec("FS01", "", ""), false)
	}
	f(Extent{Servers: []string{"FS02"}, Folders: []string{`D:\共有`}}, rec("FS01", in, ""), false)
	f(Extent{Folders: []string{`\\fs02\人事`}}, rec("FS01", in, ""), false)
	for _, nothing := range []string{"", `\`, `\\`, "/"} {
		f(Extent{Folders: []string{nothing}}, rec("FS01", in, ""), false)
		f(Extent{Folders: []string{nothing}}, rec("FS01", `\\FS01\人事\a`, ""), false)
	}
	if (Extent{Servers: []string{"a/"}}).Key() == (Extent{Servers: []string{"a"}, Folders: []string{""}}).Key() || (Extent{Folders: []string{"a", "b"}}).Key() == (Extent{Folders: []string{`a""b`}}).Key() {
		t.Error("keys of different extents are equal")
	}
}

// TestTextDoesNotWiden: what a person types leaves the extent as it is, and it is
// not printed.
func TestTextDoesNotWiden(t *testing.T) {
	x := Extent{Servers: []string{"FS01"}, Folders: []string{`D:\人事`}}
	at := Clock{Now: time.Unix(1.8e9, 0), Zone: time.UTC}
	for _, text := range []string{``, `server:FS02 folder:D:\秘密`, `within:x`, `class:all superseded:yes -folder:D:\人事`, `user:a limit:5`} {
		q, err := ParseOnto(Query{Within: x}, text, at)
		if err != nil {
			continue // no such key
		}
		if !reflect.DeepEqual(q.Within, x) {
			t.Errorf("%q widens to %+v", text, q.Within)
		}
		back, err := Parse(q.Text(time.UTC), at)
		if err != nil || !back.Within.All() {
			t.Errorf("%q is printed as %q: %+v, %v", text, q.Text(time.UTC), back.Within, err)
		}
		if !q.WantsServer("FS01.example.jp") && text != `server:FS02 folder:D:\秘密` || q.WantsServer("FS02") {
			t.Errorf("%q wants other servers", text)
		}
	}
}
