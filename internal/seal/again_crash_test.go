package seal_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/seal"
)

// The power fails at any call: every line that was flushed and every head that was signed
// is there, and the renewal goes on.
func TestAgainPowerFailure(t *testing.T) {
	work := func(c *fsx.Crash) (flushed, signed int64, err error) {
		l, err := seal.OpenLog(c, "/data", seal.LogOptions{})
		if err != nil {
			return 0, 0, err
		}
		defer func() { err = errors.Join(err, l.Close()) }()
		g, err := l.OpenAgain(seal.SHA512)
		if err != nil {
			return 0, 0, err
		}
		defer func() { err = errors.Join(err, g.Close()) }()
		for i := range int64(6) {
			if err := l.Record(context.Background(), seal.Entry{Kind: seal.KindSettings, Subject: fmt.Sprint(i)}); err != nil {
				return flushed, signed, err
			}
			name := fmt.Sprintf("f%d", g.Lines())
			if err := g.Add(&seal.Again{Kind: seal.AgainFile, Name: name, Size: i, Old: seal.Sum([]byte(name)), New: seal.SHA512.Sum([]byte(name))}); err != nil {
				return flushed, signed, err
			}
			if err := g.Flush(); err != nil {
				return flushed, signed, err
			}
			flushed = g.Lines()
			if i%2 == 1 {
				h, err := g.Sign(context.Background())
				if err != nil {
					return flushed, signed, err
				}
				signed = h.Lines
			}
		}
		return flushed, signed, nil
	}
	c := newCrash(t)
	if _, _, err := work(c); err != nil {
		t.Fatal(err)
	}
	calls := c.Calls()
	for n := range calls {
		for seed := range uint64(2) {
			c := newCrash(t)
			before := c.Calls()
			c.StopAt(before + n)
			flushed, signed, err := work(c)
			if err == nil && n < calls-before-1 {
				t.Fatalf("call %d: it did not fail", n)
			}
			again := c.Image(seed)
			l, err := seal.OpenLog(again, "/data", seal.LogOptions{})
			if err != nil {
				t.Fatalf("call %d: %v", n, err)
			}
			g, err := l.OpenAgain(seal.SHA512)
			if err != nil {
				t.Fatalf("call %d, seed %d: %v", n, seed, err)
			}
			heads := g.Heads()
			if g.Lines() < flushed || signed > 0 && (len(heads) == 0 || heads[len(heads)-1].Lines < signed) {
				t.Errorf("call %d: %d lines and %d heads, flushed %d, signed %d", n, g.Lines(), len(heads), flushed, signed)
			}
			if err := errors.Join(g.Close(), l.Close()); err != nil {
				t.Fatal(err)
			}
			if _, _, err := work(again); err != nil {
				t.Errorf("call %d: it does not go on: %v", n, err)
			}
		}
	}
}
