package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/seal"
)

// clear removes the objects of parts that are replaced. That they go is written
// down first; their manifests go last, because they say what else is to go.
func (a *Archive) clear(ctx context.Context, opt SealOptions, out *Rewritten) error {
	rm, ok := a.objects.(Remover)
	if !ok {
		return nil
	}
	a.mu.Lock()
	kept := make(map[string]bool)
	var old []part
	for k, all := range a.all {
		for _, p := range a.days[k] {
			for _, o := range p.Objects {
				kept[o.Name] = true
			}
		}
		for _, p := range all {
			if !a.tombs.doomed[p.name] && !slices.ContainsFunc(a.days[k], func(o part) bool { return o.name == p.name }) {
				old = append(old, p)
			}
		}
	}
	a.mu.Unlock()
	slices.SortFunc(old, func(x, y part) int { return strings.Compare(x.name, y.name) })
	for _, p := range old {
		if err := a.clearPart(ctx, rm, p, kept, opt, out); err != nil {
			return err
		}
	}
	return nil
}

func (a *Archive) clearPart(ctx context.Context, rm Remover, p part, kept map[string]bool, opt SealOptions, out *Rewritten) error {
	var names []string
	for _, o := range p.Objects {
		if !kept[o.Name] {
			names = append(names, o.Name)
		}
	}
	names = append(names, p.name)
	subject, err := json.Marshal(struct {
		Server  string   `json:"server"`
		Day     string   `json:"day"`
		Part    int      `json:"part"`
		Objects []string `json:"objects"`
	}{p.Server, p.Day.Day, p.Part, names})
	if err != nil {
		return err
	}
	if a.opt.Recorder == nil {
		return errors.New("remove archived objects: the data folder is open for reading only")
	}
	e := seal.Entry{Kind: seal.KindArchiveDeletion, Subject: string(subject), By: opt.By, Ground: "erasure", Time: opt.Now.UnixNano(), Hash: p.hash}
	if err := a.opt.Recorder.Record(ctx, e); err != nil {
		return fmt.Errorf("write down what is removed: %w", err)
	}
	a.using.Lock()
	defer a.using.Unlock()
	for _, n := range names {
		if err := rm.Remove(ctx, n); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		out.Removed++
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	k := key{p.Server, p.Day.Day}
	a.all[k] = slices.DeleteFunc(slices.Clone(a.all[k]), func(o part) bool { return o.name == p.name })
	delete(a.known, p.name)
	a.count(k)
	return nil
}
