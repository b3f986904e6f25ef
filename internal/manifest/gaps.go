package manifest

import (
	"encoding/json"
	"fmt"
)

// GapFormat is the version of GapReport.
const GapFormat = 1

// MaxGaps bounds each list of a GapReport; the counts beside them are whole.
const MaxGaps = 500

// GapReport says what the logs of a server lack: the subject of a leaf of
// seal.KindGapReport is its JSON, as encoding/json writes it.
type GapReport struct {
	Format int    `json:"format"`
	Server string `json:"server"`
	// Day is the archived day that it is of; "" = everything that is held, as an
	// import left it.
	Day      string       `json:"day,omitempty"`
	Channels []GapChannel `json:"channels"` // by name, then generation
	// Cleared are the events that tell of a log that was cleared or lost events:
	// those of the day, or of what the import brought.
	Cleared      []GapNotice `json:"cleared"`
	ClearedCount int         `json:"cleared_count"`
}

// GapChannel is one life of the record ids of a channel.
type GapChannel struct {
	Channel    string `json:"channel"`
	Generation uint32 `json:"generation"`
	FirstID    uint64 `json:"first_id"`
	LastID     uint64 `json:"last_id"`
	Held       uint64 `json:"held"` // ids between both that were received, those that were erased or deleted later too
	Missing    uint64 `json:"missing"`
	// Filtered: the holes look as an export with a filter leaves them. TooFew: there
	// are so few events that a loss cannot be told from a filter. Either way the
	// holes are counted and not listed.
	Filtered     bool         `json:"filtered,omitempty"`
	TooFew       bool         `json:"too_few,omitempty"`
	GapCount     int          `json:"gap_count"`
	Gaps         []GapRange   `json:"gaps"`
	SilenceCount int          `json:"silence_count"`
	Silences     []GapSilence `json:"silences"`
}

// GapRange is a run of missing record ids. What is missing happened between the two
// times: those of the events on both sides, or of the block of events around it.
type GapRange struct {
	FromID   uint64 `json:"from_id"`
	ToID     uint64 `json:"to_id"`
	FromTime string `json:"from_time"` // RFC 3339, UTC
	ToTime   string `json:"to_time"`
}

// GapSilence is a stretch without events between two busy hours.
type GapSilence struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// GapNotice is an event that tells of a cleared log or of lost events.
type GapNotice struct {
	Kind     string `json:"kind"` // log_cleared, log_full, events_lost
	Time     string `json:"time"`
	Channel  string `json:"channel"`
	RecordID uint64 `json:"record_id"`
	User     string `json:"user,omitempty"`
}

// ParseGapReport reads the subject of a leaf.
func ParseGapReport(subject string) (*GapReport, error) {
	var g GapReport
	if err := Decode([]byte(subject), &g); err != nil {
		return nil, fmt.Errorf("gap report: %w", err)
	}
	if g.Format < 1 || g.Format > GapFormat || g.Server == "" {
		return nil, fmt.Errorf("gap report: format %d of %.80q", g.Format, g.Server)
	}
	return &g, nil
}

// Text is the subject of the leaf.
func (g *GapReport) Text() (string, error) {
	b, err := json.Marshal(g)
	if err != nil {
		return "", fmt.Errorf("gap report: %w", err)
	}
	return string(b), nil
}

// Sums are the counts over all channels. Holes that cannot be judged are not losses:
// they are no part of missing.
func (g *GapReport) Sums() (missing uint64, gaps, silences int) {
	for i := range g.Channels {
		c := &g.Channels[i]
		silences += c.SilenceCount
		if !c.Filtered && !c.TooFew {
			missing += c.Missing
			gaps += c.GapCount
		}
	}
	return missing, gaps, silences
}
