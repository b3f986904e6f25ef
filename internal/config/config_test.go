package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	f := func(name, text string, want ...string) {
		t.Helper()
		_, problems := Parse([]byte(text))
		var got []string
		for _, p := range problems {
			got = append(got, p.String())
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	f("empty", "")
	f("all keys, byte order mark", "\ufeffzone = \"UTC\"\ndemo = true\nlanguage = \"en\"\nlisten = \"[::1]:0\"\n")
	f("unknown key", "zone = \"UTC\"\nzones = 1\n", "line 2: zones: unknown key")
	f("unknown table", "[server]\nport = 1\n", "line 1: server: unknown key")
	f("wrong type", "\ndemo = \"yes\"\n", "line 2: demo: cannot decode TOML string into struct field config.Config.Demo of type bool")
	f("no zone", "# x\nzone = \"Mars/Base\"\n", `line 2: zone: "Mars/Base" is no time zone: unknown time zone Mars/Base`)
	f("local zone", "zone = \"Local\"\n", `line 1: zone: "Local" is no time zone: want an IANA name such as Asia/Tokyo`)
	f("two problems", "language = \"fr\"\nlisten = \"8730\"\n", `line 1: language: "fr": want ja or en`, `line 2: listen: "8730": want host:port`)
	f("port", "listen = \"127.0.0.1:70000\"\n", `line 1: listen: "127.0.0.1:70000": port 70000 is not 0 to 65535`)
}

func TestWriteLoad(t *testing.T) {
	dir := t.TempDir()
	got, err := Load(dir)
	if err != nil || got != Default() {
		t.Errorf("Load of a folder without a file = %+v, %v", got, err)
	}
	want := Config{Zone: "Europe/Berlin", Demo: true, Language: "en", Listen: "127.0.0.1:1"}
	if err := Write(dir, want); err != nil {
		t.Fatal(err)
	}
	if got, err = Load(dir); err != nil || got != want {
		t.Errorf("Load = %+v, %v, want %+v", got, err, want)
	}
}

func FuzzParse(f *testing.F) {
	c := Default()
	f.Add(c.Text())
	f.Fuzz(func(t *testing.T, b []byte) {
		c, problems := Parse(b)
		if len(problems) > 0 {
			return
		}
		if again, p := Parse(c.Text()); len(p) > 0 || again != c {
			t.Errorf("%+v does not read back: %+v %v", c, again, p)
		}
	})
}
