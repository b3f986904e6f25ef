package gloss

import (
	"time"

	"github.com/akashi-audit/akashi/internal/i18n"
	"github.com/akashi-audit/akashi/internal/record"
)

// Fact is one field or detail of a record in words.
type Fact struct {
	Key         string // the field's name, "detail.…" for a detail
	Name, Value string
}

// Facts are the fields of a record that have a value, in the order of
// record.Fields, each detail on its own; times are in zone.
func Facts(p *i18n.Printer, zone *time.Location, r *record.Record) []Fact {
	var l []Fact
	cells := r.CSV()
	for i, key := range record.Fields() {
		f := Fact{key, p.T("web.csv." + key), record.Visible(cells[i])}
		switch key {
		case "time":
			f.Value = moment(r.Time, zone)
		case "end_time":
			if f.Value = ""; r.EndTime != r.Time {
				f.Value = moment(r.EndTime, zone)
			}
		case "received":
			if f.Value = ""; r.Received != 0 {
				f.Value = moment(r.Received, zone)
			}
		case "op", "result", "object", "confidence", "class":
			f.Value = p.T("web."+key+"."+cells[i]) + " (" + cells[i] + ")"
		case "raw_record_ids":
			f.Value = IDs(r.RawIDs)
		case "detail":
			for _, d := range r.Detail {
				l = append(l, Fact{"detail." + d.Key, DetailName(p, d.Key), DetailValue(p, zone, d.Key, d.Value)})
			}
			continue
		}
		if cells[i] != "" && f.Value != "" {
			l = append(l, f)
		}
	}
	return l
}

// moment is a time of a record to the millisecond, with the zone's offset.
func moment(ns int64, zone *time.Location) string {
	return time.Unix(0, ns).In(zone).Format("2006-01-02 15:04:05.000 -07:00")
}

// Difference is a fact that an earlier version of a record said otherwise; ""
// is no value.
type Difference struct{ Name, Then, Now string }

// Differences compares an earlier version of a record with the one that holds.
// When each was taken in and under which rules does not count.
func Differences(p *i18n.Printer, zone *time.Location, then, now *record.Record) []Difference {
	nows := map[string]string{}
	for _, f := range Facts(p, zone, now) {
		nows[f.Key] = f.Value
	}
	for _, k := range [...]string{"received", "rules_version", "superseded_by"} {
		delete(nows, k)
	}
	var l []Difference
	for _, f := range Facts(p, zone, then) {
		switch f.Key {
		case "received", "rules_version", "superseded_by":
			continue
		}
		if nows[f.Key] != f.Value {
			l = append(l, Difference{f.Name, f.Value, nows[f.Key]})
		}
		delete(nows, f.Key)
	}
	for _, f := range Facts(p, zone, now) {
		if v, ok := nows[f.Key]; ok {
			l = append(l, Difference{f.Name, "", v})
		}
	}
	return l
}
