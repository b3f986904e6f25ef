package care

import (
	"context"

	"github.com/akashi-audit/akashi/internal/account"
)

// Request is the parameters of the jobs that look after a folder.
type Request struct {
	Server string `json:"server,omitempty"`
	Volume string `json:"volume,omitempty"`
	With   string `json:"with,omitempty"` // the volume that takes the place
	Lang   string `json:"lang"`
}

// Job is a job that people can start to look after the folder.
type Job struct {
	Kind  string
	Page  string // of the pages, where it is started
	Grave bool   // it cannot be undone
}

// Jobs are these jobs.
func Jobs() []Job {
	return []Job{
		{Kind: "archive", Page: "/data"}, {Kind: "verify", Page: "/data"}, {Kind: "check", Page: "/data"}, {Kind: "coverage", Page: "/data/server"},
		{Kind: "expire", Page: "/data/retention", Grave: true}, {Kind: "expire_kept", Page: "/data/retention", Grave: true},
		{Kind: "heal", Page: "/data/pool"}, {Kind: "scrub", Page: "/data/pool"}, {Kind: "drain", Page: "/data/pool"}, {Kind: "replace", Page: "/data/pool"},
		{Kind: "tier", Page: "/data/pool"}, {Kind: "remove", Page: "/data/pool", Grave: true},
	}
}

// Retained tells the terms.
type Retained interface {
	Retention(ctx context.Context) (*Retention, error)
}

// Check finds the job of a kind, and refuses a request that lacks what the job needs,
// and a visitor who may not have it.
func (r *Request) Check(kind string, v *account.Visitor) (Job, error) {
	for _, j := range Jobs() {
		if j.Kind != kind {
			continue
		}
		ofVolume := kind == "drain" || kind == "remove" || kind == "replace"
		switch {
		case kind == "coverage" && r.Server == "":
			return j, missing("server", "web.data.bad_form")
		case ofVolume && r.Volume == "":
			return j, missing("volume", "web.data.bad_form")
		case kind == "replace" && r.With == "":
			return j, missing("with", "web.data.bad_form")
		case kind != "replace" && r.With != "":
			return j, wrong("with", "web.data.bad_form")
		case kind != "coverage" && !SeesAll(v):
			return j, ErrRestricted
		}
		return j, nil
	}
	return Job{}, wrong("kind", "web.data.bad_form")
}

// About is what the job works on, in words.
func (r *Request) About() string {
	about := r.Server + r.Volume
	if r.With != "" {
		about += " → " + r.With
	}
	return about
}

// Reconversion is the parameters of a job of kind "reconvert".
type Reconversion struct {
	DryRun bool `json:"dry_run"`
}
