package engine

import (
	"context"
	"time"

	"github.com/akashi-audit/akashi/internal/collect"
	"github.com/akashi-audit/akashi/internal/convert"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/record"
)

// converter turns the events of one server into records; see
// convert.Converter, the one in use.
type converter interface {
	Add(e *event.Event)
	Take() []record.Record
	Tail() []record.Record
	AppendCheckpoint(b []byte) []byte
}

// eventSet is the input of an import; see collect.Set, the one in use.
type eventSet interface {
	Files() []collect.File
	Servers() []string
	Events(ctx context.Context, server string, fn func(*event.Event) error) error
	Close() error
}

// scanProgress is called for each file that was looked into.
type scanProgress = func(done, total int, f *collect.File)

// deps are the parts that tests replace.
type deps struct {
	fs      fsx.FS // nil = the operating system's
	now     func() time.Time
	openSet func(ctx context.Context, paths []string, progress scanProgress) (eventSet, error)
	fresh   func(server string, opt convert.Options) converter
	restore func(server string, opt convert.Options, checkpoint []byte) (converter, error)
	rules   uint32 // version of the rules that fresh goes by
	batch   int    // most events of a commit
	// flushRows is store.Options.FlushRows.
	flushRows int
}

// batchEvents and batchBytes bound what one commit holds.
const (
	batchEvents = 1 << 16
	batchBytes  = 32 << 20
)

func realDeps() deps {
	return deps{
		now: time.Now,
		openSet: func(ctx context.Context, paths []string, progress scanProgress) (eventSet, error) {
			return collect.OpenSet(ctx, paths, collect.SetOptions{Progress: progress})
		},
		fresh: func(server string, opt convert.Options) converter { return convert.New(server, opt) },
		restore: func(server string, opt convert.Options, checkpoint []byte) (converter, error) {
			return convert.Restore(server, opt, checkpoint)
		},
		rules: convert.RulesVersion,
		batch: batchEvents,
	}
}
