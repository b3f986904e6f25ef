package server

import (
	"slices"
	"testing"

	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/job"
	"github.com/akashi-audit/akashi/internal/seal"
)

// TestRenewJob: the job hashes everything anew, the state of the seal tells of it, and a
// second time nothing is left to do.
func TestRenewJob(t *testing.T) {
	var known []string
	for _, a := range seal.Algorithms() {
		known = append(known, string(a))
	}
	offered := slices.Sorted(slices.Values(care.Hashes()))
	if !slices.Equal(offered, slices.Sorted(slices.Values(known))) {
		t.Errorf("pages offer %v, the seal knows %v", offered, known)
	}
	k := newKit(t)
	k.done(as("ops"), "archive", care.Request{})
	for range 2 {
		j := k.done(as("ops"), "renew", care.Request{Hash: "sha512"})
		if j.State != job.Done || j.Messages[0].Key != "job.renew.done" || j.Messages[0].Level != "info" || len(j.Files) != 1 || j.Done == 0 || j.Done != j.All {
			t.Fatalf("%+v %s", j, j.Detail)
		}
	}
	s, err := newHealth(Config{Engine: k.e}, nil).Seal(t.Context())
	if err != nil || s.Again != "sha512" || s.AgainAt == 0 || s.AgainBroken != 0 || s.AgainBegun != "" {
		t.Errorf("%+v, %v", s, err)
	}
	if x, err := apiSeal(newHealth(Config{Engine: k.e}, nil))(t.Context()); err != nil || len(x.Hashes) != 2 || x.Hashes[1].Hash != "sha512" || !x.Hashes[1].Done {
		t.Errorf("%+v, %v", x, err)
	}
}
