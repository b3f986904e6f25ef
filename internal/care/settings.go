package care

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/akashi-audit/akashi/internal/account"
)

// Setting is one key of akashi.toml, as it stands there.
type Setting struct{ Key, Value, Default string }

// Page is the page that changes the key, "" when only the file does.
func (s *Setting) Page() string {
	switch {
	case strings.HasPrefix(s.Key, "background."):
		return "/settings/filters"
	case strings.HasPrefix(s.Key, "calendar."):
		return "/settings/calendar"
	case s.Key == "my_number.folders":
		return "/settings/folders"
	case s.Key == "language":
		return "/settings/display"
	}
	return ""
}

// Shown is the value as the visitor may see it: secrets to nobody (a
// value that nobody set is none), and folders, which
// can be such as may not be seen, to those who see everything.
func (s *Setting) Shown(v *account.Visitor) string {
	for _, secret := range []string{"password", "secret", "token"} {
		if strings.Contains(s.Key, secret) && s.Value != s.Default {
			return "••••"
		}
	}
	if s.Key == "my_number.folders" && !SeesAll(v) {
		return "••••"
	}
	return s.Value
}

// SettingProblem is a value that cannot be used: Index is that of the entry of a
// list, or the weekday.
type SettingProblem struct {
	Key   string
	Index int
}

// Background is what counts as no person's act, see package config.
type Background struct{ Accounts, Addresses, Processes []string }

// Len is how many entries there are.
func (b *Background) Len() int { return len(b.Accounts) + len(b.Addresses) + len(b.Processes) }

// String names the lists in one line.
func (b *Background) String() string {
	v := url.Values{"accounts": b.Accounts, "addresses": b.Addresses, "processes": b.Processes}
	return v.Encode()
}

// SettingChange is a sealed change: what was added and taken away.
type SettingChange struct {
	By      string
	Time    int64 // Unix ns
	Leaf    int64
	Sealed  bool
	Added   Background
	Removed Background
}

// FolderChange is a sealed change of the list of folders.
type FolderChange struct {
	By             string
	Time           int64 // Unix ns
	Sealed         bool
	Added, Removed []string
}

// Author is who changes a setting.
type Author struct {
	Name string
	Seen string // Mark of what was looked at before; "" = whatever is there
}

// Mark names a value, so that nothing is changed that was not seen: a change by somebody
// who saw another one is ErrChanged.
func Mark(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "" // lists and texts are always JSON
	}
	h := sha256.Sum256(bytes.ReplaceAll(b, []byte("null"), []byte("[]"))) // no list is an empty one
	return hex.EncodeToString(h[:16])
}
