package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// FolderSettings is where specific personal information lies: local or UNC paths, or
// names of folders.
type FolderSettings interface {
	Folders() []string
	SetFolders(ctx context.Context, by care.Author, l []string) ([]SettingProblem, error)
	// FoldersHistory is the sealed changes, newest first.
	FoldersHistory(ctx context.Context) ([]FolderChange, error)
}

// marks tells which folders hold specific personal information; nil when none is known.
func (s *site) marks() func(path string) bool {
	if s.cfg.Settings != nil && len(s.cfg.Settings.Folders()) == 0 {
		return nil
	}
	return s.cfg.Marked
}

// foldersView is the page of these folders.
type foldersView struct {
	frame
	Value   string
	Problem string // in words, "" = none
	Preview []folderPreview
	Busy    bool
	Done    string
	History []folderChangeView
}

type folderChangeView struct {
	FolderChange
	When string
}

// folderPreview is what an entry names.
type folderPreview struct {
	Text       string
	Records, N uint64 // N is folders
	More       bool   // there are more folders than were counted
	Late       bool   // it could not be counted in time
}

// previewTop bounds the folders that a preview counts.
const previewTop = 1000

func (s *site) foldersPage(rq *request) error {
	set, err := s.wholeSettings(rq)
	if err != nil {
		return err
	}
	return s.foldersForm(rq, http.StatusOK, foldersView{}, set.Folders())
}

// wholeSettings is the seam for those who see everything: entries can be folders that
// others may not see.
func (s *site) wholeSettings(rq *request) (Settings, error) {
	if !care.SeesAll(rq.who) {
		return nil, errPage{http.StatusForbidden, "web.data.restricted"}
	}
	return s.settings()
}

func (s *site) foldersForm(rq *request, code int, v foldersView, l []string) error {
	set, err := s.settings()
	if err != nil {
		return err
	}
	v.frame, v.Value, v.Done = s.frame(rq, "/settings/folders", "web.nav.folders"), strings.Join(l, "\n"), saved(rq)
	if v.Problem != "" { // what was refused may hold anything
		shown := make([]string, len(l))
		for i := range l {
			shown[i] = record.Visible(l[i])
		}
		v.Value = strings.Join(shown, "\n")
	}
	h, err := set.FoldersHistory(rq.r.Context())
	if err != nil {
		return err
	}
	for _, c := range h {
		v.History = append(v.History, folderChangeView{c, clock(c.Time, rq.zone)})
	}
	return s.render(rq, code, "folders", v)
}

// foldersSave is POST /settings/folders: it shows what the entries name, or keeps them.
func (s *site) foldersSave(rq *request) error {
	set, err := s.wholeSettings(rq)
	if err != nil {
		return err
	}
	if _, err := posted(rq); err != nil {
		return err
	}
	l := lines(rq.r.PostForm.Get("folders"))
	if rq.r.PostForm.Get("do") == "preview" {
		v := foldersView{}
		if v.Preview, err = s.previewFolders(rq, l); err != nil {
			return err
		}
		return s.foldersForm(rq, http.StatusOK, v, l)
	}
	if slices.Equal(set.Folders(), l) {
		return seeOther(rq, "/settings/folders?done=same")
	}
	if err := s.note(rq, "settings", "my_number.folders: "+strings.Join(l, "; ")); err != nil {
		return err
	}
	bad, err := set.SetFolders(rq.r.Context(), care.Author{Name: rq.who.Name}, l)
	switch {
	case errors.Is(err, care.ErrBusy):
		return s.foldersForm(rq, http.StatusConflict, foldersView{Busy: true}, l)
	case err != nil:
		return err
	case len(bad) > 0:
		v := foldersView{Problem: rq.p.T("web.mn.many")}
		if len(l) > bad[0].Index && bad[0].Index >= 0 && !(bad[0].Index == 0 && len(l) > maxAlso) {
			v.Problem = rq.p.T("web.mn.bad", "value", named(l, bad[0].Index))
		}
		return s.foldersForm(rq, http.StatusUnprocessableEntity, v, l)
	}
	return seeOther(rq, "/settings/folders?done=saved")
}

// previewFolders counts what each entry names, all together in no longer than
// care.PreviewTime.
func (s *site) previewFolders(rq *request, l []string) ([]folderPreview, error) {
	ctx, cancel := context.WithTimeout(rq.r.Context(), care.PreviewTime)
	defer cancel()
	out := []folderPreview{}
	for _, x := range l[:min(len(l), maxAlso)] {
		p := folderPreview{Text: record.Visible(x)}
		q := query.Query{Lists: query.ListFolders, Top: previewTop, Folders: []string{x}}
		if !strings.ContainsAny(x, `\/`) { // a name, wherever it is
			q.Folders, q.Words = nil, []string{`\` + x + `\`}
		}
		f, err := s.cfg.Source.Facets(ctx, q)
		switch {
		case err != nil && ctx.Err() != nil && rq.r.Context().Err() == nil:
			p.Late = true
		case err != nil:
			return nil, err
		default:
			p.Records, p.N, p.More = f.Total, uint64(len(f.Folders)), len(f.Folders) >= previewTop
		}
		out = append(out, p)
	}
	return out, nil
}
