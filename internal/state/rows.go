package state

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/akashi-audit/akashi/internal/seal"
)

// The ways in which rows differ from the seal.
const (
	RowChanged  = "changed"  // it says something else than its last leaf
	RowGone     = "missing"  // a leaf tells of a row that is not there
	RowUnsealed = "unsealed" // no leaf tells of it
	RowFound    = "found"    // it had been changed outside of akashi when the folder was opened
)

// actFound is the act of a leaf about a row that was not as its last leaf says when the
// folder was opened, or that no leaf told of yet; actGone ends a row.
const (
	actFound = "found"
	actGone  = "remove"
)

// Difference is a row that is not as the seal says.
type Difference struct{ Kind, ID, What, Name string }

// Row is a row as it stands: Hash is of everything in it that is sealed.
type Row struct {
	ID, Name string
	Hash     seal.Hash
}

// rowLeaf is the subject of a leaf about a row.
type rowLeaf struct {
	ID   string `json:"id"`
	Act  string `json:"act"`
	Name string `json:"name,omitempty"`
}

// HashOf is the SHA-256 of the JSON of a value: what a leaf says of a row.
func HashOf(v any) (seal.Hash, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return seal.Hash{}, fmt.Errorf("encode a row: %w", err)
	}
	return seal.Sum(b), nil
}

// Rows seals the rows of one kind. nil seals nothing.
type Rows struct {
	kind string
	rec  seal.Recorder
	now  func() time.Time

	mu   sync.Mutex
	last map[string]seal.Hash // what the last leaf of each row says
	any  bool                 // there is a leaf of the kind
}

// OpenRows reads what the seal says of the rows of a kind; now nil = time.Now.
func OpenRows(kind string, rec seal.Recorder, leaves iter.Seq2[seal.Leaf, error], now func() time.Time) (*Rows, error) {
	if now == nil {
		now = time.Now
	}
	r := &Rows{kind: kind, rec: rec, now: now, last: make(map[string]seal.Hash)}
	for leaf, err := range leaves {
		if err != nil {
			return nil, fmt.Errorf("read the rows of the seal: %w", err)
		}
		r.take(&leaf.Entry)
	}
	return r, nil
}

func (r *Rows) take(e *seal.Entry) (x rowLeaf, before seal.Hash, had bool) {
	if e.Kind != r.kind || json.Unmarshal([]byte(e.Subject), &x) != nil {
		return rowLeaf{}, before, false
	}
	before, had = r.last[x.ID]
	r.any = true
	if e.Hash == (seal.Hash{}) {
		delete(r.last, x.ID)
	} else {
		r.last[x.ID] = e.Hash
	}
	return x, before, had
}

// Seal writes down what a row is from now on; the zero hash ends it. It is called within
// the transaction that changes the row, right before its end.
func (r *Rows) Seal(ctx context.Context, x Row, act, by string) error {
	if r == nil {
		return nil
	}
	text, err := json.Marshal(rowLeaf{x.ID, act, x.Name})
	if err != nil {
		return fmt.Errorf("encode leaf: %w", err)
	}
	e := seal.Entry{Kind: r.kind, Subject: string(text), By: by, Time: r.now().UnixNano(), Hash: x.Hash}
	if err := r.rec.Record(ctx, e); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.take(&e)
	return nil
}

// Any reports whether the seal has a leaf of the kind.
func (r *Rows) Any() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.any
}

// Holds reports whether a row is as its last leaf says.
func (r *Rows) Holds(x Row) bool {
	if r == nil {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	h, ok := r.last[x.ID]
	return ok && h == x.Hash
}

// Settle seals rows as they stand that their last leaf does not say, because the power
// failed between leaf and row, or because somebody changed them outside of akashi: the
// leaf says "found", and a check tells of it. With mayGo a sealed row that
// is not there is no difference.
func (r *Rows) Settle(ctx context.Context, rows []Row, mayGo bool) error {
	left := make(map[string]bool)
	r.mu.Lock()
	for id := range r.last {
		left[id] = true
	}
	r.mu.Unlock()
	for _, x := range rows {
		delete(left, x.ID)
		if !r.Holds(x) {
			if err := r.Seal(ctx, x, actFound, "akashi"); err != nil {
				return err
			}
		}
	}
	for id := range left {
		if mayGo {
			break
		}
		if err := r.Seal(ctx, Row{ID: id}, actFound, "akashi"); err != nil {
			return err
		}
	}
	return nil
}

// CheckRows compares rows with the entries of a seal, oldest first. Rows of a folder whose
// seal has no leaf of the kind yet are those of an earlier version and are left out. With
// mayGo a sealed row that is not there is no difference.
func CheckRows(kind string, entries []seal.Entry, rows []Row, mayGo bool) (out []Difference) {
	r := &Rows{kind: kind, last: make(map[string]seal.Hash)}
	for i := range entries {
		x, before, had := r.take(&entries[i])
		if x.Act == actFound && had && before != entries[i].Hash {
			out = append(out, Difference{kind, x.ID, RowFound, x.Name})
		}
	}
	if !r.any {
		return nil
	}
	for _, x := range rows {
		h, ok := r.last[x.ID]
		delete(r.last, x.ID)
		switch {
		case !ok:
			out = append(out, Difference{kind, x.ID, RowUnsealed, x.Name})
		case h != x.Hash:
			out = append(out, Difference{kind, x.ID, RowChanged, x.Name})
		}
	}
	for id := range r.last {
		if !mayGo {
			out = append(out, Difference{kind, id, RowGone, ""})
		}
	}
	slices.SortFunc(out, func(a, b Difference) int { return strings.Compare(a.ID+a.What, b.ID+b.What) })
	return out
}
