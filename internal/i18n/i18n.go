package i18n

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"strconv"
	"strings"
)

//go:embed *.json
var files embed.FS

// Languages are the languages of the catalogue.
func Languages() []string { return []string{"ja", "en"} }

// Printer writes the words of one language.
type Printer struct {
	lang  string
	words map[string]string
}

// For returns the printer of a language; any other than "ja" is English.
func For(lang string) *Printer {
	if lang != "ja" {
		lang = "en"
	}
	words, err := load(lang)
	if err != nil { // the files are embedded and tested
		words = map[string]string{}
	}
	return &Printer{lang: lang, words: words}
}

func load(lang string) (map[string]string, error) {
	words := map[string]string{}
	names, err := files.ReadDir(".")
	if err != nil {
		return nil, err
	}
	for _, e := range names {
		if !strings.HasSuffix(e.Name(), "_"+lang+".json") {
			continue
		}
		b, err := files.ReadFile(path.Base(e.Name()))
		if err != nil {
			return nil, err
		}
		part := map[string]string{}
		if err := json.Unmarshal(b, &part); err != nil {
			return nil, fmt.Errorf("catalogue %s: %w", e.Name(), err)
		}
		for k, v := range part {
			if _, twice := words[k]; twice {
				return nil, fmt.Errorf("catalogue %s: key %q stands twice", e.Name(), k)
			}
			words[k] = v
		}
	}
	return words, nil
}

// Lang is the printer's language: "ja" or "en".
func (p *Printer) Lang() string { return p.lang }

// Has reports whether the catalogue knows the key.
func (p *Printer) Has(key string) bool {
	_, ok := p.words[key]
	return ok
}

// T returns the words of a key. args are pairs of placeholder name and value:
// T("cli.found", "n", 3) fills {n}. Whole numbers are grouped (1,234). An
// unknown key comes back as it is, so that a mistake shows.
func (p *Printer) T(key string, args ...any) string {
	s, ok := p.words[key]
	if !ok {
		return key
	}
	for i := 0; i+1 < len(args); i += 2 {
		s = strings.ReplaceAll(s, "{"+fmt.Sprint(args[i])+"}", p.text(args[i+1]))
	}
	return s
}

func (p *Printer) text(v any) string {
	switch n := v.(type) {
	case int:
		return Number(int64(n))
	case int64:
		return Number(n)
	case uint64:
		return Number(int64(min(n, 1<<63-1)))
	case uint32:
		return Number(int64(n))
	}
	return fmt.Sprint(v)
}

// Number writes a whole number in groups of three.
func Number(n int64) string {
	s := strconv.FormatInt(n, 10)
	neg := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(s, "-")
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	if neg {
		return "-" + s
	}
	return s
}

// FromEnv picks the language of a command line: the wanted one when it is
// named, else AKASHI_LANG, LC_ALL, LC_MESSAGES, LANG, the first that is set.
func FromEnv(wanted string, getenv func(string) string) string {
	for _, v := range []string{wanted, getenv("AKASHI_LANG"), getenv("LC_ALL"), getenv("LC_MESSAGES"), getenv("LANG")} {
		if v != "" {
			if strings.HasPrefix(strings.ToLower(v), "ja") {
				return "ja"
			}
			return "en"
		}
	}
	return "en"
}
