package engine

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/hold"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/store"
)

// MarkedCase stands among the cases that keep something for the term of specific
// personal information.
const MarkedCase = "特定個人情報 (My Number)"

// marked tells whether something of a server's time stays because it tells of folders
// with specific personal information and the term of these is not over. It is asked
// like a hold, so a month or a day stays whole: nothing that a record rests on goes.
func (e *Engine) marked(ctx context.Context, server string, from, to int64, find hold.Finder) (bool, error) {
	sch := e.st.Retention()
	t := sch.Of(store.KeepMarked, server)
	conf := e.Config()
	if t == nil || len(conf.MyNumber.Folders) == 0 {
		return false, nil
	}
	zone, err := conf.Location()
	if err != nil {
		return false, err
	}
	if end, ends := keptUntil(t, time.Unix(0, to-1).In(zone)); ends && !e.deps.now().Before(end) {
		return false, nil
	}
	for _, q := range markedQueries(conf.MyNumber.Folders) {
		q.Servers, q.From, q.To, q.Limit, q.Classes = []string{server}, from, to, 1, query.AllClasses()
		for _, q.Superseded = range [...]bool{false, true} {
			p, err := find.Search(ctx, q)
			if err != nil {
				return false, fmt.Errorf("search for folders with specific personal information: %w", err)
			}
			if len(p.Records) > 0 {
				return true, nil
			}
		}
	}
	return false, nil
}

// markedQueries find every record of these folders, and perhaps of others of the same
// name: where a share lies on its server need not be known, so its name decides.
func markedQueries(folders []string) (l []query.Query) {
	for _, f := range folders {
		f = strings.TrimRight(strings.ReplaceAll(f, "/", `\`), `\`)
		name := f[strings.LastIndexByte(f, '\\')+1:]
		if name == "" || strings.HasSuffix(name, ":") { // a whole drive
			l = append(l, query.Query{Folders: []string{f}})
			continue
		}
		l = append(l, query.Query{Words: []string{`\` + name + `\`}}, query.Query{Paths: []string{`*\` + name}})
	}
	return l
}

// alsoMarked adds MarkedCase to the cases that keep something.
func (e *Engine) alsoMarked(ctx context.Context, cases []string, server string, from, to int64, find hold.Finder) ([]string, error) {
	yes, err := e.marked(ctx, server, from, to, find)
	if err != nil {
		return nil, err
	}
	if yes {
		cases = append(cases, MarkedCase)
	}
	return cases, nil
}
