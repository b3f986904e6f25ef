package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
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
	f("wrong type", "\ndemo = \"yes\"\n", "line 2: demo: want true or false")
	f("no zone", "# x\nzone = \"Mars/Base\"\n", `line 2: zone: "Mars/Base" is no time zone: unknown time zone Mars/Base`)
	f("local zone", "zone = \"Local\"\n", `line 1: zone: "Local" is no time zone: want an IANA name such as Asia/Tokyo`)
	f("two problems", "language = \"fr\"\nlisten = \"8730\"\n", `line 1: language: "fr": want ja or en`, `line 2: listen: "8730": want host:port`)
	f("port", "listen = \"127.0.0.1:70000\"\n", `line 1: listen: "127.0.0.1:70000": port 70000 is not 0 to 65535`)
	f("background", "[background]\naccounts = ['CORP\\svc-backup', \"s\"]\naddresses = ['192.0.2.0/24', 'fe80::1']\nprocesses = ['scan*']\n")
	f("background, unknown", "[background]\nusers = []\n", "line 2: background.users: unknown key")
	f("background, type", "[background]\naccounts = 'x'\n", "line 2: background.accounts: want a list such as ['a', 'b']")
	f("background, entries", "[background]\naccounts = [\n 'ok',\n ' ',\n]\nprocesses = ['*', 'a*b', 'C:\\x.exe']\naddresses = [\n'192.0.2.0/33',\n'host' ]\n",
		`line 4: background.accounts: an empty entry`, `line 8: background.addresses: "192.0.2.0/33" is no address and no range such as 192.0.2.0/24`,
		`line 9: background.addresses: "host" is no address and no range such as 192.0.2.0/24`, `line 6: background.processes: "*" would name every program`,
		`line 6: background.processes: "a*b": * can stand at the end only`, `line 6: background.processes: "C:\\x.exe": want the name of the file without its folder`)
}

func TestWriteLoad(t *testing.T) {
	dir := t.TempDir()
	got, err := Load(dir)
	if err != nil || !cmp.Equal(got, Default()) {
		t.Errorf("Load of a folder without a file = %+v, %v", got, err)
	}
	want := Config{Zone: "Europe/Berlin", Demo: true, Language: "en", Listen: "127.0.0.1:1",
		Background: Background{Accounts: []string{`CORP\it's "me"`, `CORP\svc`}, Addresses: []string{"192.0.2.0/24"}, Processes: []string{"scan*"}}}
	if err := Write(dir, want); err != nil {
		t.Fatal(err)
	}
	if got, err = Load(dir); err != nil || !cmp.Equal(got, want) {
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
		if again, p := Parse(c.Text()); len(p) > 0 || !cmp.Equal(again, c, cmpopts.EquateEmpty()) {
			t.Errorf("%+v does not read back: %+v %v", c, again, p)
		}
	})
}
