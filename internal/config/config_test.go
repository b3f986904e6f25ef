package config

import (
	"errors"
	"os"
	"path/filepath"
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
	f("calendar", "[calendar]\nclosed = ['2026-08-13 x',\n'y']\nyear_end = '1'\n[calendar.hours]\nmon = '8-18'\n",
		`line 4: calendar.year_end: "1": want days such as 12-29..01-03`, `line 3: calendar.closed: "y": want a day such as 2026-08-13, or 2026-08-13..2026-08-15`,
		`line 6: calendar.hours.mon: "8-18": want hours such as 08:30-18:00`)
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
		Background: Background{Accounts: []string{`CORP\it's "me"`, `CORP\svc`}, Addresses: []string{"192.0.2.0/24"}, Processes: []string{"scan*"}},
		Calendar:   Calendar{YearEnd: "12-31..01-02", Closed: []string{"2026-08-13..2026-08-15 夏季休業"}, Hours: Hours{Sat: "09:00-12:00"}}, Import: Import{UploadGB: 3}}
	if err := Write(dir, want); err != nil {
		t.Fatal(err)
	}
	if got, err = Load(dir); err != nil || !cmp.Equal(got, want, cmpopts.EquateEmpty()) {
		t.Errorf("Load = %+v, %v, want %+v", got, err, want)
	}
}

func FuzzParse(f *testing.F) {
	c := Default()
	f.Add(c.Text())
	f.Add([]byte("\ufeff# a\r\nlanguage = 'en' # b\r\n[background]\r\naccounts = [ # c\r\n 'x', ]\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, problems := Parse(b)
		if len(problems) > 0 {
			return
		}
		if again, p := Parse(c.Text()); len(p) > 0 || !cmp.Equal(again, c, cmpopts.EquateEmpty()) {
			t.Errorf("%+v does not read back: %+v %v", c, again, p)
		}
		changed := c
		changed.Language, changed.Background.Accounts, changed.Calendar.Hours.Sun = "en", []string{"a"}, "01:00-02:00"
		if again, p := Parse(changed.edit(b, c)); len(p) > 0 || !same(again, changed) {
			t.Errorf("%+v edited into %q reads as %+v %v", changed, b, again, p)
		}
	})
}

func TestUpdateKeepsTheFile(t *testing.T) {
	f := func(name, text, want string, change func(*Config)) {
		t.Helper()
		dir := t.TempDir()
		path := filepath.Join(dir, FileName)
		if text != "" {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := Update(dir, change); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, string(got)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	accounts := func(l ...string) func(*Config) { return func(c *Config) { c.Background.Accounts = l } }
	f("comments stay", "# ours\nlanguage = \"ja\" # default\n\n[background]\n# since 2024\naccounts = [\n  'a', # one ]\n  \"b]\",\n] # end\nprocesses = ['x']\n",
		"# ours\nlanguage = \"ja\" # default\n\n[background]\n# since 2024\naccounts = ['a', 'c'] # end\nprocesses = ['x']\n", accounts("a", "c"))
	f("a key that is not there", "[background] # x\nprocesses = ['x']\n", "[background] # x\naccounts = ['a']\nprocesses = ['x']\n", accounts("a"))
	f("a table that is not there", "language = 'en'", "language = 'en'\n\n[background]\naccounts = ['a']\n", accounts("a"))
	f("no file", "", "\n[background]\naccounts = ['a']\n", accounts("a"))
	f("a key with points", "background.accounts = []\nlanguage = 'en'\n", "background.accounts = ['a']\nlanguage = 'en'\n", accounts("a"))
	f("Notepad", "\ufeff[background]\r\nprocesses = ['x']\r\n", "\ufeff[background]\r\naccounts = ['a']\r\nprocesses = ['x']\r\n", accounts("a"))
	f("the language", "\ufeff# x\r\n[background]\r\n", "\ufefflanguage = 'en'\r\n# x\r\n[background]\r\n", func(c *Config) { c.Language = "en" })
	f("long strings", "listen = \"\"\"127.0.0.1:1\"\"\" # a\nlanguage = 'ja'\n", "listen = '127.0.0.1:2' # a\nlanguage = 'ja'\n", func(c *Config) { c.Listen = "127.0.0.1:2" })
	f("nothing changes", "# only a comment", "# only a comment", func(*Config) {})
	f("hours", "[calendar.hours]\nmon = ''\n", "[calendar.hours]\nmon = '08:00-17:00'\n", func(c *Config) { c.Calendar.Hours.Mon = "08:00-17:00" })

	dir := t.TempDir()
	_, err := Update(dir, accounts("a*"))
	var wrong *Error
	if !errors.As(err, &wrong) {
		t.Errorf("a change that is not right gave %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, FileName)); !errors.Is(err, os.ErrNotExist) {
		t.Error("a change that is not right was written")
	}
}

func TestListHasEveryKey(t *testing.T) {
	c := Default()
	l := c.List()
	if len(l) < 20 || l[0] != (Setting{"zone", "'Asia/Tokyo'", "'Asia/Tokyo'"}) {
		t.Errorf("%d settings, the first %+v", len(l), l[0])
	}
	b := []byte{}
	for _, s := range l {
		b = setKey(b, s.Key, s.Value)
	}
	if again, p := Parse(b); len(p) > 0 || !same(again, c) {
		t.Errorf("the list written as a file reads as %+v, %v", again, p)
	}
}
