package trail

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The results of what was done.
const (
	OK      = "ok"
	Refused = "refused"
	Failed  = "failed"
)

// maxText bounds each text of an entry, in bytes; what is longer is cut.
const maxText = 16 << 10

// Entry is one thing that somebody did.
type Entry struct {
	Time   time.Time `json:"time"` // UTC
	Who    string    `json:"who"`  // log-in name, "" = unknown
	ID     int64     `json:"id,omitempty"`
	Token  string    `json:"token,omitempty"` // name of the API token
	From   string    `json:"from,omitempty"`  // address
	Action string    `json:"action"`
	Object string    `json:"object,omitempty"`
	Ground string    `json:"ground,omitempty"`
	Result string    `json:"result"`
	Count  int64     `json:"count,omitempty"` // 0 = once
}

// Urgent lists the actions whose entries are sealed at once; the others wait for
// company.
func Urgent() []string {
	return []string{"people", "token", "proposal", "export", "evidence", "unmask", "hold", "release", "import", "erase", "retention", "settings", "first", "download", "volume"}
}

// urgent also holds for a part: "people.add", "hold_release".
func (e *Entry) urgent() bool { return slices.Contains(Urgent(), area(e.Action)) }

// area is the first word of an action.
func area(action string) string {
	if i := strings.IndexAny(action, "._"); i > 0 {
		return action[:i]
	}
	return action
}

// encode is the line of an entry.
func (e *Entry) encode() ([]byte, error) {
	for _, s := range []*string{&e.Who, &e.Token, &e.From, &e.Action, &e.Object, &e.Ground, &e.Result} {
		*s = strings.ToValidUTF8(*s, "\ufffd")
		if len(*s) > maxText {
			*s = strings.ToValidUTF8((*s)[:maxText], "") + "…"
		}
	}
	e.Time = e.Time.UTC()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		return nil, fmt.Errorf("encode an entry of the trail: %w", err)
	}
	return b.Bytes(), nil
}

// decode reads a line without its end.
func decode(line []byte) (Entry, error) {
	var e Entry
	if err := json.Unmarshal(line, &e); err != nil {
		return e, fmt.Errorf("entry of the trail: %w", err)
	}
	return e, nil
}
