package api

import (
	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/query"
)

// taken is query.Taken as clients get it.
type taken struct {
	Class          string `json:"class"`
	Server         string `json:"server"`
	First          string `json:"first"`
	Last           string `json:"last"`
	Records        int64  `json:"records"` // 0 = not told
	Months         int    `json:"months"`
	Year           bool   `json:"year"`
	ProposedBy     string `json:"proposed_by"`
	By             string `json:"by"`
	Ground         Text   `json:"ground"`
	Time           Time   `json:"time"`
	OutsideArchive bool   `json:"outside_archive"`
}

func takenOut(l []query.Taken) []taken {
	out := []taken{}
	for _, t := range l {
		out = append(out, taken{t.Class, t.Server, t.First, t.Last, t.Records, t.Months, t.Year, t.ProposedBy, t.By, Text(t.Ground), Time(t.Time), t.OutsideArchive})
	}
	return out
}

// classDue is care.ClassMonth as clients get it.
type classDue struct {
	Class   string   `json:"class"`
	Server  string   `json:"server"`
	Month   string   `json:"month"`
	Records int64    `json:"records"`
	Stays   string   `json:"stays"` // "" = it goes, held, unarchived, unsure
	Held    []string `json:"held"`
	Reason  string   `json:"reason"`
}

func classesOf(l []care.ClassMonth) []classDue {
	out := []classDue{}
	for _, c := range l {
		out = append(out, classDue{c.Class, c.Server, c.Month, c.Records, c.Stays, append([]string{}, c.Cases...), c.Reason})
	}
	return out
}
