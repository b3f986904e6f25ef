package convert

import (
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// Bounds of what is kept for file transactions (TxF, section 12).
const (
	txnWindow = 600 * sec // how long an act waits for the outcome of its transaction
	maxParked = 4096      // acts that wait, and outcomes that are remembered
)

// outcome of a transaction.
type outcome uint8

const (
	txnUnknown outcome = iota
	txnCommitted
	txnRolledBack
)

// transactionOf is the id of the transaction of an event, or "".
func (c *Converter) transactionOf(e *event.Event) string {
	if _, raw, ok := e.Unread(e.Get(event.TransactionId)); ok && len(raw) == 16 && [16]byte(raw) == [16]byte{} {
		return ""
	}
	t := c.textOf(e, event.TransactionId)
	if t == nullGUID {
		return ""
	}
	t = strings.ToUpper(t)
	if strings.Trim(t, "{}0-") == "" {
		return ""
	}
	return t
}

// outcomeOf reads NewState of 4985. Windows documents no list. Observed are 48
// and then 52 of one transaction: the bits of TRANSACTION_NOTIFY_* (ktmtypes.h;
// 0x10 and 0x20 prepared, 0x4 and 0x40 commit, 0x8 and 0x80 rollback). The states
// of KTRANSACTION_STATE (5 committed, 6 aborted), of KENLISTMENT_STATE (0x104,
// 0x107) and words are taken too.
func outcomeOf(v event.Value) outcome {
	n, ok := v.Number()
	if !ok {
		s := strings.ToLower(v.Text())
		switch {
		case strings.Contains(s, "commit"):
			return txnCommitted
		case strings.Contains(s, "roll"), strings.Contains(s, "abort"):
			return txnRolledBack
		}
		return txnUnknown
	}
	switch {
	case n == 5, n == 0x104, n == 0x105:
		return txnCommitted
	case n == 6, n == 0x107, n == 0x10d:
		return txnRolledBack
	case n > 0xff, n < 0x10 && n != 0x4 && n != 0x8:
		return txnUnknown
	case n&0x88 != 0:
		return txnRolledBack
	case n&0x44 != 0:
		return txnCommitted
	}
	return txnUnknown
}

// transaction handles 4985: the acts of a transaction that ended are final.
func (c *Converter) transaction(e *event.Event) {
	id, how := c.transactionOf(e), outcomeOf(e.Get(event.NewState))
	if id == "" || how == txnUnknown {
		return
	}
	if len(c.s.Outcomes) >= maxParked {
		clear(c.s.Outcomes)
	}
	c.s.Outcomes[id] = how
	c.release(id, how)
}

// park says how the transaction of an act ended. Without an answer the record
// waits for it: park then reports true.
func (c *Converter) park(a *act, r *record.Record) bool {
	if how := c.s.Outcomes[a.Txn]; how != txnUnknown || c.s.NumParked >= maxParked {
		c.settled(r, how)
		return false
	}
	if len(c.s.Parked[a.Txn]) == 0 {
		c.s.setTimer(timer{Due: max(a.End, a.Time) + txnWindow, Kind: timeTxn, Key: a.Txn})
	}
	c.s.Parked[a.Txn] = append(c.s.Parked[a.Txn], *r)
	c.s.NumParked++
	return true
}

// release makes the records of a transaction final.
func (c *Converter) release(id string, how outcome) {
	l := c.s.Parked[id]
	delete(c.s.Parked, id)
	c.s.NumParked -= len(l)
	for i := range l {
		c.settled(&l[i], how)
	}
	c.s.Out = append(c.s.Out, slices.Clip(l)...)
}

// settled marks a record with the outcome of its transaction: one that was
// rolled back did not happen, one without outcome is not certain.
func (c *Converter) settled(r *record.Record, how outcome) {
	switch how {
	case txnCommitted:
		r.Set("transaction", "committed")
	case txnRolledBack:
		r.Set("transaction", "rolled back")
		r.Class, r.Result = record.ClassBackground, record.Failure
		c.undo(r)
	default:
		r.Set("transaction", "outcome not in the log")
		if r.Confidence == certain {
			r.Confidence = inferred
			r.Set("uncertain", doubtTxn)
		}
	}
}

// undo takes back what a rolled-back act made known of names.
func (c *Converter) undo(r *record.Record) {
	p := c.path(r.Path)
	if p.Drop || r.Path == "" {
		return
	}
	switch r.Op {
	case record.OpDelete, record.OpRename, record.OpMove:
		c.saw(p.Key, r.Object == record.ObjectDirectory, r.Object == record.ObjectFile)
	case record.OpCreate:
		c.gone(p.Key)
	}
	if r.NewPath != "" {
		if n := c.path(r.NewPath); !n.Drop {
			c.gone(n.Key)
		}
	}
}
