package api

import (
	"fmt"
	"net/http"
)

// Seal is the state of the seal of the data folder.
type Seal struct {
	Leaves      int64        `json:"leaves"`
	Waiting     int64        `json:"waiting"` // of them that no checkpoint covers
	Checkpoints int          `json:"checkpoints"`
	Last        Time         `json:"last"` // checkpoint
	Points      []Checkpoint `json:"points"`
	Keys        []SealKey    `json:"keys"` // public ones, oldest first
	Authority   string       `json:"authority"`
	Owed        bool         `json:"owed"`    // the last checkpoint waits for its stamp
	Expires     Time         `json:"expires"` // the certificate of the newest stamp
	Renewal     Time         `json:"renewal"` // when that stamp is renewed
	Hashes      []SealHash   `json:"hashes"`
}

// SealHash is an algorithm that everything sealed is hashed under.
type SealHash struct {
	Hash   string `json:"hash"`   // sha256, sha384, sha512
	Since  Time   `json:"since"`  // null = from the beginning, or not done
	Done   bool   `json:"done"`   // false = everything is being hashed anew under it
	Broken int    `json:"broken"` // things that could not be carried over
}

// Checkpoint is a signed one.
type Checkpoint struct {
	Time Time  `json:"time"`
	Size int64 `json:"size"`
	Note Text  `json:"note"` // as it was signed
}

// SealKey is a public key.
type SealKey struct {
	ID     string `json:"id"`
	Public string `json:"public"`
}

// seal answers with the state of the seal and its newest checkpoints, to be kept
// elsewhere.
func (s *server) seal(rq *request) error {
	if err := known(rq.r.URL.Query()); err != nil {
		return err
	}
	x, err := s.cfg.Seal(rq.r.Context())
	if err != nil {
		return err
	}
	if n := len(x.Points); n > 0 {
		if err := s.note(rq, "checkpoint", fmt.Sprint(x.Points[n-1].Size), ""); err != nil {
			return err
		}
	}
	return s.json(rq, x)
}

// sealNow signs a checkpoint.
func (s *server) sealNow(rq *request) error {
	if err := known(rq.r.URL.Query()); err != nil {
		return err
	}
	if err := s.note(rq, "seal", "", ""); err != nil {
		return err
	}
	if err := s.cfg.Settings.SealNow(rq.r.Context()); err != nil {
		return err
	}
	x, err := s.cfg.Seal(rq.r.Context())
	if err != nil {
		return err
	}
	return s.answer(rq, http.StatusCreated, x)
}
