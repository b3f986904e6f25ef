package care

import (
	"context"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/account"
)

// Request is the parameters of the jobs that look after a folder.
type Request struct {
	Server string `json:"server,omitempty"`
	Volume string `json:"volume,omitempty"`
	With   string `json:"with,omitempty"` // the volume that takes the place
	Hash   string `json:"hash,omitempty"` // of renew, one of Hashes
	Rate   int64  `json:"rate,omitempty"` // of renew: MB a second that are read at most, 0 = as fast as it goes
	Lang   string `json:"lang"`
}

// MaxRate bounds Request.Rate, MB a second.
const MaxRate = 100_000

// Hashes are the algorithms that everything sealed can be hashed anew under, the usual
// one first; those of seal.Algorithms.
func Hashes() []string { return []string{"sha512", "sha384"} }

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
		{Kind: "renew", Page: "/settings/keys"},
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
		case kind == "renew" && r.Hash == "":
			return j, missing("hash", "web.data.bad_form")
		case kind == "renew" && !slices.Contains(Hashes(), r.Hash) || kind != "renew" && r.Hash != "":
			return j, wrong("hash", "web.data.bad_form")
		case r.Rate < 0 || r.Rate > MaxRate || kind != "renew" && r.Rate != 0:
			return j, wrong("rate", "web.again.bad_rate")
		case kind != "coverage" && !SeesAll(v):
			return j, ErrRestricted
		}
		return j, nil
	}
	return Job{}, wrong("kind", "web.data.bad_form")
}

// HashName is the name of an algorithm as people write it: SHA-512.
func HashName(s string) string {
	if n, ok := strings.CutPrefix(s, "sha"); ok {
		return "SHA-" + n
	}
	return s
}

// About is what the job works on, in words.
func (r *Request) About() string {
	about := r.Server + r.Volume + HashName(r.Hash)
	if r.With != "" {
		about += " → " + r.With
	}
	return about
}

// Reconversion is the parameters of a job of kind "reconvert".
type Reconversion struct {
	DryRun bool `json:"dry_run"`
}
