package archive

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/akashi-audit/akashi/internal/record"
)

// SchemaVersion is written into each file as akashi.schema. It changes when a
// column changes its meaning; new columns at the end do not change it. Files of
// version 1 are read; they have raw_record_ids in place of raw_ids.
const (
	SchemaVersion = "2"
	schemaOne     = "1"
)

// row is a record as Parquet has it. The order is that of the columns.
type row struct {
	Server       string `parquet:"server,dict"`
	Channel      string `parquet:"channel,dict"`
	Generation   uint32 `parquet:"generation,dict"`
	FirstID      uint64 `parquet:"first_id"`
	Ordinal      uint32 `parquet:"ordinal,dict"`
	Time         int64  `parquet:"time,delta,timestamp(nanosecond:local)"`
	Duration     int64  `parquet:"duration_100ns"`
	DurationRest uint32 `parquet:"duration_rest_ns,dict"`
	Received     int64  `parquet:"received,dict,timestamp(nanosecond:local)"`
	Source       string `parquet:"source,dict"`
	User         string `parquet:"user,dict"`
	SID          string `parquet:"sid,dict"`
	ClientIP     string `parquet:"client_ip,dict"`
	ClientName   string `parquet:"client_name,dict"`
	Session      uint64 `parquet:"session"`
	Op           string `parquet:"op,dict"`
	Path         string `parquet:"path,dict"`
	NewPath      string `parquet:"new_path,dict"`
	Share        string `parquet:"share,dict"`
	ShareRoot    uint32 `parquet:"share_root,dict"`
	Object       string `parquet:"object,dict"`
	Result       string `parquet:"result,dict"`
	Process      string `parquet:"process,dict"`
	Count        uint32 `parquet:"count,dict"`
	Confidence   string `parquet:"confidence,dict"`
	Rule         string `parquet:"rule,dict"`
	Class        string `parquet:"class,dict"`
	Detail       string `parquet:"detail,dict"`
	RawIDs       string `parquet:"raw_ids,dict"`
	RulesVersion uint32 `parquet:"rules_version,dict"`
	SupersededBy uint32 `parquet:"superseded_by,dict"`
	Exact        string `parquet:"exact,dict"`
}

// texts are the fields of a row that copy a text of a record.
func (w *row) texts(r *record.Record) [12]struct {
	name string
	row  *string
	rec  *string
} {
	return [12]struct {
		name string
		row  *string
		rec  *string
	}{
		{"server", &w.Server, &r.Server}, {"channel", &w.Channel, &r.Channel}, {"source", &w.Source, &r.Source},
		{"user", &w.User, &r.User}, {"sid", &w.SID, &r.SID}, {"client_ip", &w.ClientIP, &r.ClientIP}, {"client_name", &w.ClientName, &r.ClientName},
		{"path", &w.Path, &r.Path}, {"new_path", &w.NewPath, &r.NewPath}, {"share", &w.Share, &r.Share}, {"process", &w.Process, &r.Process}, {"rule", &w.Rule, &r.Rule},
	}
}

const noDetail = "{}"

// tick is the grain of times of Windows, in ns.
const tick = 100

// inTicks is a time span in ticks, and what is left, which is mostly nothing.
func inTicks(ns int64) (ticks int64, rest uint32) {
	ticks = ns / tick
	if ns%tick < 0 {
		ticks--
	}
	return ticks, uint32(ns - ticks*tick)
}

// set fills the row. Texts that are no UTF-8, which Parquet wants, are kept in
// Exact.
func (w *row) set(r *record.Record) {
	w.Generation, w.FirstID, w.Ordinal = r.Generation, r.FirstID, r.Ordinal
	w.Time, w.Received = r.Time, r.Received
	w.Duration, w.DurationRest = inTicks(r.EndTime - r.Time)
	w.Session, w.ShareRoot, w.Count = r.Session, r.ShareRoot, r.Count
	w.Op, w.Object, w.Result = r.Op.String(), r.Object.String(), r.Result.String()
	w.Confidence, w.Class = r.Confidence.String(), r.Class.String()
	w.RawIDs, w.RulesVersion, w.SupersededBy = idText(r.FirstID, r.RawIDs), r.RulesVersion, r.SupersededBy
	w.Exact = ""
	var exact map[string]string
	keep := func(name, bytes string) {
		if exact == nil {
			exact = make(map[string]string)
		}
		exact[name] = hex.EncodeToString([]byte(bytes))
	}
	for _, t := range w.texts(r) {
		*t.row = *t.rec
		if !utf8.ValidString(*t.rec) {
			*t.row = strings.ToValidUTF8(*t.rec, "\ufffd")
			keep(t.name, *t.rec)
		}
	}
	var plain bool
	if w.Detail, plain = detailText(r.Detail); !plain {
		for i, p := range r.Detail {
			keep(fmt.Sprintf("detail.%d.key", i), p.Key)
			keep(fmt.Sprintf("detail.%d.value", i), p.Value)
		}
	}
	if exact != nil {
		b, err := json.Marshal(exact)
		if err == nil { // it is a map of texts
			w.Exact = string(b)
		}
	}
}

// detailText is the details as a JSON object; plain says that reading it gives
// the same details again.
func detailText(l []record.Pair) (text string, plain bool) {
	if len(l) == 0 {
		return noDetail, true
	}
	b := []byte{'{'}
	plain = true
	for i, p := range l {
		if i > 0 {
			b = append(b, ',')
			plain = plain && l[i-1].Key < p.Key
		}
		plain = plain && utf8.ValidString(p.Key) && utf8.ValidString(p.Value)
		b = appendText(b, p.Key)
		b = append(b, ':')
		b = appendText(b, p.Value)
	}
	return string(append(b, '}')), plain
}

func appendText(b []byte, s string) []byte {
	return record.AppendString(b, strings.ToValidUTF8(s, "\ufffd"))
}

// get is the inverse of set. The record shares no memory with the row.
func (w *row) get(r *record.Record) error {
	*r = record.Record{
		Generation: w.Generation, FirstID: w.FirstID, Ordinal: w.Ordinal,
		Time: w.Time, EndTime: w.Time + w.Duration*tick + int64(w.DurationRest), Received: w.Received,
		Session: w.Session, ShareRoot: w.ShareRoot, Count: w.Count,
		RulesVersion: w.RulesVersion, SupersededBy: w.SupersededBy,
	}
	var err error
	if r.RawIDs, err = textIDs(w.FirstID, w.RawIDs); err != nil {
		return err
	}
	for _, e := range []struct {
		text string
		to   interface{ UnmarshalText([]byte) error }
	}{{w.Op, &r.Op}, {w.Object, &r.Object}, {w.Result, &r.Result}, {w.Confidence, &r.Confidence}, {w.Class, &r.Class}} {
		if err := e.to.UnmarshalText([]byte(e.text)); err != nil {
			return err
		}
	}
	exact := make(map[string]string)
	if w.Exact != "" {
		if err := json.Unmarshal([]byte(w.Exact), &exact); err != nil {
			return fmt.Errorf("column exact: %w", err)
		}
	}
	for name, x := range exact {
		b, err := hex.DecodeString(x)
		if err != nil {
			return fmt.Errorf("column exact, %s: %w", name, err)
		}
		exact[name] = string(b)
	}
	for _, t := range w.texts(r) {
		*t.rec = *t.row
		if s, ok := exact[t.name]; ok {
			*t.rec = s
		}
	}
	return w.getDetail(r, exact)
}

func (w *row) getDetail(r *record.Record, exact map[string]string) error {
	if _, ok := exact["detail.0.key"]; ok {
		for i := 0; ; i++ {
			k, ok := exact[fmt.Sprintf("detail.%d.key", i)]
			if !ok {
				return nil
			}
			r.Detail = append(r.Detail, record.Pair{Key: k, Value: exact[fmt.Sprintf("detail.%d.value", i)]})
		}
	}
	if w.Detail == noDetail {
		return nil
	}
	var m map[string]string
	if err := json.Unmarshal([]byte(w.Detail), &m); err != nil {
		return fmt.Errorf("column detail: %w", err)
	}
	for k, v := range m {
		r.Detail = append(r.Detail, record.Pair{Key: k, Value: v})
	}
	sortPairs(r.Detail)
	return nil
}
