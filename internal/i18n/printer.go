package i18n

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Printer writes in one language. Use For to get one.
type Printer struct {
	lang  string
	texts map[string]string
}

// For returns the printer of a language given as a BCP 47 tag or a POSIX locale
// (ja, ja-JP, ja_JP.UTF-8). Whatever is not Japanese is English.
func For(lang string) *Printer {
	l := English
	if s := strings.ToLower(lang); s == "ja" || strings.HasPrefix(s, "ja-") || strings.HasPrefix(s, "ja_") || strings.HasPrefix(s, "ja.") {
		l = Japanese
	}
	return &Printer{lang: l, texts: texts()[l]}
}

// Lang is "ja" or "en".
func (p *Printer) Lang() string { return p.lang }

// Has reports whether the catalogue holds key.
func (p *Printer) Has(key string) bool {
	_, ok := p.texts[key]
	return ok
}

// T returns the text of key with its placeholders filled from args, which are
// pairs of a name and a value: T("cli.read", "files", 3). In the text
//
//	{files}            is the value; whole numbers get a comma at each third digit
//	{files|file|files} is the first word when the value is 1, else the second
//
// An unknown key comes back as itself, an unknown placeholder stays as it is;
// values are never searched for placeholders.
func (p *Printer) T(key string, args ...any) string {
	text, ok := p.texts[key]
	if !ok {
		return key
	}
	if len(args) == 0 {
		return text
	}
	var b strings.Builder
	for {
		i := strings.IndexByte(text, '{')
		if i < 0 {
			break
		}
		n := strings.IndexByte(text[i:], '}')
		if n < 0 {
			break
		}
		b.WriteString(text[:i])
		whole, inner := text[i:i+n+1], text[i+1:i+n]
		text = text[i+n+1:]
		name, words, plural := strings.Cut(inner, "|")
		v, ok := value(args, name)
		switch {
		case !ok:
			b.WriteString(whole)
		case plural:
			one, other, _ := strings.Cut(words, "|")
			if fmt.Sprint(v) == "1" {
				b.WriteString(one)
			} else {
				b.WriteString(other)
			}
		default:
			b.WriteString(p.format(v))
		}
	}
	b.WriteString(text)
	return b.String()
}

func value(args []any, name string) (any, bool) {
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] == name {
			return args[i+1], true
		}
	}
	return nil, false
}

func (p *Printer) format(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case time.Duration:
		return p.Duration(v)
	case int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64:
		return group(fmt.Sprint(v))
	case error:
		return v.Error()
	}
	return fmt.Sprint(v)
}

// Number writes n with a comma at each third digit, in both languages.
func Number(n int64) string { return group(strconv.FormatInt(n, 10)) }

func group(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Bytes writes a size in bytes with a unit of 1024 steps: 12 B, 3.4 MB.
func (p *Printer) Bytes(n int64) string {
	units := [...]string{"B", "KB", "MB", "GB", "TB", "PB", "EB"}
	f, i := float64(n), 0
	for f >= 1000 && i < len(units)-1 {
		f, i = f/1024, i+1
	}
	if i == 0 || f >= 100 {
		return strconv.FormatFloat(f, 'f', 0, 64) + " " + units[i]
	}
	return strconv.FormatFloat(f, 'f', 1, 64) + " " + units[i]
}

// Date writes the day of t in t's zone: 2026年11月22日 or 22 Nov 2026.
func (p *Printer) Date(t time.Time) string {
	if p.lang == Japanese {
		return t.Format("2006年1月2日")
	}
	return t.Format("2 Jan 2006")
}

// Time writes t in t's zone to the second: 2026-11-22 10:00:00, in both
// languages, so that a column of times sorts as text.
func (p *Printer) Time(t time.Time) string { return t.Format("2006-01-02 15:04:05") }

// Duration writes d to the second: 5秒, 3分20秒, 2時間5分, or 5 s, 3 min 20 s,
// 2 h 5 min. Below ten seconds one decimal is kept.
func (p *Printer) Duration(d time.Duration) string {
	h, m, s := " h", " min", " s"
	gap := " "
	if p.lang == Japanese {
		h, m, s, gap = "時間", "分", "秒", ""
	}
	d = max(d, 0)
	if d < 10*time.Second {
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + s
	}
	sec := int64(d.Round(time.Second) / time.Second)
	switch {
	case sec < 60:
		return strconv.FormatInt(sec, 10) + s
	case sec < 3600:
		return strconv.FormatInt(sec/60, 10) + m + gap + strconv.FormatInt(sec%60, 10) + s
	}
	return group(strconv.FormatInt(sec/3600, 10)) + h + gap + strconv.FormatInt(sec%3600/60, 10) + m
}
