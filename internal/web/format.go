package web

import (
	"strconv"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// number writes n with a comma at every third digit, in both languages.
func number(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// clock writes a time of the store for people, "–" for none.
func clock(ns int64, zone *time.Location) string {
	if ns == 0 {
		return "–"
	}
	return time.Unix(0, ns).In(zone).Format("2006-01-02 15:04:05")
}

// fine is clock with milliseconds.
func fine(ns int64, zone *time.Location) string {
	return time.Unix(0, ns).In(zone).Format("2006-01-02 15:04:05.000")
}

// moment is a time as package coverage writes it for people, "–" for none.
func moment(text string, zone *time.Location) string {
	t, err := event.ParseFiletime(text)
	if err != nil {
		return "–"
	}
	return t.Time().In(zone).Format("2006-01-02 15:04:05")
}

// machine is the time for <time datetime>.
func machine(ns int64) string { return string(record.AppendTime(nil, ns)) }

func day(ns int64, zone *time.Location) string {
	if ns == 0 {
		return "–"
	}
	return time.Unix(0, ns).In(zone).Format("2006-01-02")
}

// name is a path in two parts, both safe to show: the end stays readable when
// the beginning is cut.
type name struct{ Dir, Base, Full string }

func splitName(p string) name {
	i := strings.LastIndexByte(strings.TrimRight(p, `\`), '\\') + 1
	return name{Dir: record.Visible(p[:i]), Base: record.Visible(p[i:]), Full: record.Visible(p)}
}

// person is an account in two parts, both safe to show.
type person struct{ Domain, Name, Full string }

func splitPerson(user, sid string) person {
	if user == "" {
		user = sid
	}
	p := person{Full: record.Visible(user)}
	if d, n, ok := strings.Cut(p.Full, `\`); ok {
		p.Domain, p.Name = d+`\`, n
	} else {
		p.Name = p.Full
	}
	return p
}

// zoneName is the zone's name and its offset at t.
func zoneName(t time.Time) string {
	short, _ := t.Zone()
	if strings.HasPrefix(short, "+") || strings.HasPrefix(short, "-") {
		short = "UTC" + short
	}
	return t.Location().String() + " (" + short + ")"
}
