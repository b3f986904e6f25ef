package engine

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

// logRange is which leaves an object of the log holds, by its name; ok is false for
// another name.
func logRange(name string) (from, to int64, ok bool) {
	base, found := strings.CutPrefix(name, manifest.LogDir+"/")
	span, _, leaves := strings.Cut(base, ".")
	a, b, both := strings.Cut(span, "-")
	if !found || !leaves || !both || !strings.HasSuffix(name, ".jsonl") {
		return 0, 0, false
	}
	from, err := strconv.ParseInt(a, 10, 64)
	to, err2 := strconv.ParseInt(b, 10, 64)
	return from, to + 1, err == nil && err2 == nil && from <= to
}

// publishLog puts the leaves of the log and its last checkpoint into the archive, so
// that a volume alone proves what is sealed on it. The caller holds importing.
func (e *Engine) publishLog(ctx context.Context) error {
	points := e.seal.Checkpoints()
	if len(points) == 0 {
		return nil
	}
	last := points[len(points)-1]
	o := e.objects()
	names, err := o.List(ctx, manifest.LogDir+"/")
	if err != nil {
		return err
	}
	have := int64(0)
	for _, n := range names { // ascending
		if from, to, ok := logRange(n); ok && from <= have {
			have = max(have, to)
		}
	}
	if have < last.Size {
		var b bytes.Buffer
		for l, err := range e.seal.Entries(have, last.Size) {
			if err != nil {
				return err
			}
			b.Write(l.Data)
			b.WriteByte('\n')
		}
		if err := putObject(ctx, o, fmt.Sprintf("%s/%012d-%012d.%s", manifest.LogDir, have, last.Size-1, manifest.KindLog), "jsonl", b.Bytes()); err != nil {
			return err
		}
	}
	if err := putObject(ctx, o, fmt.Sprintf("%s/checkpoint.%012d", manifest.LogDir, last.Size), "txt", last.Text); err != nil {
		return err
	}
	return e.publishAgain(ctx, last.Size)
}

func putObject(ctx context.Context, o archive.Objects, name, ext string, b []byte) error {
	h := seal.Sum(b)
	if err := o.Put(ctx, fmt.Sprintf("%s.%x.%s", name, h[:], ext), bytes.NewReader(b), int64(len(b))); err != nil {
		return fmt.Errorf("put the log into the archive: %w", err)
	}
	return nil
}
