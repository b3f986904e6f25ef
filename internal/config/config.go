package config

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // the zone is known on machines without a zone database

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/pelletier/go-toml/v2"
)

// FileName is the configuration's name in the data folder.
const FileName = "akashi.toml"

// maxFile bounds the file, in bytes.
const maxFile = 1 << 20

// Config is what akashi.toml can say. Missing keys have their default.
type Config struct {
	// Zone is the IANA name of the zone of calendar days, fixed when the folder
	// is made.
	Zone string `toml:"zone"`
	// Demo says that the folder was made for a demonstration: it takes
	// simulated events.
	Demo bool `toml:"demo"`
	// Language of pages and messages when the user chose none: ja or en.
	Language string `toml:"language"`
	// Listen is the address of akashi serve, host:port. What is not loopback is
	// served by TLS.
	Listen string `toml:"listen"`
	// Background declares what is no person's act, besides what the program
	// knows itself. Records already made keep their class until they are
	// converted again.
	Background Background `toml:"background"`
	// Seal says where the proofs of the folder come from.
	Seal Seal `toml:"seal"`
	// Serve says how the pages are served and how long people stay logged in.
	Serve Serve `toml:"serve"`
	// Calendar says on which days and hours people work.
	Calendar Calendar `toml:"calendar"`
	// Import says what pages may import.
	Import Import `toml:"import"`
	// MyNumber says where specific personal information lies.
	MyNumber MyNumber `toml:"my_number"`
}

// Default is the configuration of an empty file.
func Default() Config {
	return Config{Zone: "Asia/Tokyo", Language: "ja", Listen: "127.0.0.1:8730", Calendar: defaultCalendar(), Import: Import{UploadGB: 64}}
}

// Problem is something in the file that is not right.
type Problem struct {
	Line   int    // 1 …; 0 when it has none
	Key    string // "" when it concerns the file
	Reason string
}

func (p Problem) String() string {
	s := p.Reason
	if p.Key != "" {
		s = p.Key + ": " + s
	}
	if p.Line > 0 {
		s = "line " + strconv.Itoa(p.Line) + ": " + s
	}
	return s
}

// Error is a configuration that cannot be used, with everything that is wrong.
type Error struct {
	File     string
	Problems []Problem
}

func (e *Error) Error() string {
	l := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		l[i] = p.String()
	}
	return fmt.Sprintf("configuration %s: %s", e.File, strings.Join(l, "; "))
}

// Location is the zone as Go knows it.
func (c *Config) Location() (*time.Location, error) {
	if c.Zone == "" || c.Zone == "Local" {
		return nil, errors.New("want an IANA name such as Asia/Tokyo")
	}
	return time.LoadLocation(c.Zone)
}

// Validate lists the values that cannot be used.
func (c *Config) Validate() []Problem {
	var l []Problem
	if _, err := c.Location(); err != nil {
		l = append(l, Problem{Key: "zone", Reason: fmt.Sprintf("%q is no time zone: %v", c.Zone, err)})
	}
	if c.Language != "ja" && c.Language != "en" {
		l = append(l, Problem{Key: "language", Reason: fmt.Sprintf("%q: want ja or en", c.Language)})
	}
	if _, port, err := net.SplitHostPort(c.Listen); err != nil {
		l = append(l, Problem{Key: "listen", Reason: fmt.Sprintf("%q: want host:port", c.Listen)})
	} else if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		l = append(l, Problem{Key: "listen", Reason: fmt.Sprintf("%q: port %s is not 0 to 65535", c.Listen, port)})
	}
	l = append(append(l, c.Background.validate()...), c.Seal.validate()...)
	return append(append(l, c.Calendar.validate()...), append(c.Serve.validate(), append(c.Import.validate(), c.MyNumber.validate()...)...)...)
}

// Load reads the configuration of the data folder dir. A missing file is the
// default; anything wrong in it gives an *Error.
func Load(dir string) (Config, error) {
	path := filepath.Join(dir, FileName)
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return Default(), nil
	}
	if err != nil {
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	c, problems := Parse(b)
	if len(problems) > 0 {
		return Config{}, &Error{File: path, Problems: problems}
	}
	return c, nil
}

// Parse reads the text of akashi.toml and lists everything wrong with it.
func Parse(b []byte) (Config, []Problem) {
	c := Default()
	if len(b) > maxFile {
		return c, []Problem{{Reason: fmt.Sprintf("%d bytes, want at most %d", len(b), maxFile)}}
	}
	b = bytes.TrimPrefix(b, []byte("\ufeff")) // Notepad
	var problems []Problem
	err := toml.NewDecoder(bytes.NewReader(b)).DisallowUnknownFields().Decode(&c)
	var strict *toml.StrictMissingError
	var decode *toml.DecodeError
	switch {
	case errors.As(err, &strict):
		for i := range strict.Errors {
			row, _ := strict.Errors[i].Position()
			problems = append(problems, Problem{Line: row, Key: strings.Join(strict.Errors[i].Key(), "."), Reason: "unknown key"})
		}
	case errors.As(err, &decode):
		row, _ := decode.Position()
		return c, []Problem{{Line: row, Key: strings.Join(decode.Key(), "."), Reason: wrongType(strings.TrimPrefix(decode.Error(), "toml: "))}}
	case err != nil:
		return c, []Problem{{Reason: strings.TrimPrefix(err.Error(), "toml: ")}}
	}
	c.Serve.tidy()
	if len(c.Seal.Send.MailTo) == 0 { // as Serve.tidy
		c.Seal.Send.MailTo = nil
	}
	lines := keyLines(b)
	for _, p := range c.Validate() {
		p.Line = lines[p.Key]
		if at := strings.IndexByte(p.Key, '['); at > 0 { // an entry of a list is named as a user would
			if p.Line == 0 {
				p.Line = lines[p.Key[:at]]
			}
			p.Key = p.Key[:at]
		}
		problems = append(problems, p)
	}
	return c, problems
}

// Text writes the configuration as a file, each key explained.
func (c *Config) Text() []byte {
	var b bytes.Buffer
	put := func(comment, key, value string) { fmt.Fprintf(&b, "# %s\n%s = %s\n\n", comment, key, value) }
	put("Zone of calendar days (IANA name). Fixed when the folder was made.", "zone", strconv.Quote(c.Zone))
	put("true: a demonstration folder, which takes simulated events.", "demo", strconv.FormatBool(c.Demo))
	put("Language of pages and messages when the user chose none: ja or en.", "language", strconv.Quote(c.Language))
	put("Address of `akashi serve`. Addresses that other machines reach are served by TLS.", "listen", strconv.Quote(c.Listen))
	b.WriteString("# What counts as background activity, besides what akashi knows itself. Records\n" +
		"# already made keep their class until `akashi reconvert`.\n[background]\n")
	list := func(comment, key string, l []string) {
		fmt.Fprintf(&b, "# %s\n%s = [", comment, key)
		for i, v := range l {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(quote(v))
		}
		b.WriteString("]\n")
	}
	list("DOMAIN\\name, name or SID.", "accounts", c.Background.Accounts)
	list("Client addresses, or ranges such as 192.0.2.0/24.", "addresses", c.Background.Addresses)
	list("File names of programs; * at the end stands for anything.", "processes", c.Background.Processes)
	b.WriteString("\n# Proofs: a time-stamp authority (RFC 3161), the certificates (PEM) it must end\n" +
		"# in, where the private key is kept when not in seal/key, and the file of the words\n" +
		"# that it is encrypted with (else AKASHI_SEAL_PASSPHRASE). Empty = none.\n[seal]\n")
	for _, x := range [][2]string{{"authority", c.Seal.Authority}, {"roots", c.Seal.Roots}, {"key_file", c.Seal.KeyFile}, {"passphrase_file", c.Seal.PassphraseFile}} {
		fmt.Fprintf(&b, "%s = %s\n", x[0], quote(x[1]))
	}
	c.Seal.Send.text(&b, list)
	c.Serve.text(&b, list)
	b.WriteString("\n# Days and hours of work.\n[calendar]\n# true: the public holidays of Japan are days off.\n")
	fmt.Fprintf(&b, "public_holidays = %t\n# The days around the new year.\nyear_end = %s\n", c.Calendar.PublicHolidays, quote(c.Calendar.YearEnd))
	list("Further days off: '2026-08-13..2026-08-15 name'.", "closed", c.Calendar.Closed)
	list("Days that are worked all the same: '2026-11-28 name'.", "worked", c.Calendar.Worked)
	b.WriteString("# '08:30-18:00', several with commas between; '' = nobody works.\n[calendar.hours]\n")
	for i, h := range c.Calendar.Hours.List() {
		fmt.Fprintf(&b, "%s = %s\n", Weekdays()[i], quote(h))
	}
	b.WriteString("\n# Import on a page.\n[import]\n")
	list("Folders of this machine whose logs may be imported; uploads need none.", "folders", c.Import.Folders)
	fmt.Fprintf(&b, "# Most that one upload may hold, in GB.\nupload_gb = %d\n", c.Import.UploadGB)
	b.WriteString("\n# Where specific personal information (My Number) lies; shown first.\n[my_number]\n")
	list("Folders: 'D:\\HR\\Payroll', '\\\\FS01\\HR', or a name that counts wherever it is.", "folders", c.MyNumber.Folders)
	return b.Bytes()
}

// Write makes or replaces the configuration of the data folder dir.
func Write(dir string, c Config) error {
	if err := fsx.WriteFileAtomic(filepath.Join(dir, FileName), c.Text(), 0o600); err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	return nil
}

// wrongType says what a key wants where the decoder tells the name of a Go
// type; other reasons stay.
func wrongType(reason string) string {
	if !strings.HasPrefix(reason, "cannot decode TOML") {
		return reason
	}
	_, kind, _ := strings.Cut(reason, " of type ")
	switch kind {
	case "[]string":
		return "want a list such as ['a', 'b']"
	case "string":
		return "want a text in quotes"
	case "bool":
		return "want true or false"
	}
	return reason
}
