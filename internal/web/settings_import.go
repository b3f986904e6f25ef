package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/akashi-audit/akashi/internal/job"
	"github.com/akashi-audit/akashi/internal/record"
)

// Imports is what the import pages need beside Jobs.
type Imports interface {
	// Free is the free space where uploads go, in bytes.
	Free() (int64, error)
	// Summary is what an import brought, nil while there is none.
	Summary(ctx context.Context, id string) (*ImportSummary, error)
	// Allowed makes a path of the server's machine a real one below one of the
	// folders that may be imported, or returns ErrNotAllowed.
	Allowed(path string) (string, error)
}

// ErrNotAllowed is a path that is not there, or not below a folder that may be
// imported: a visitor is not told which.
var ErrNotAllowed = errors.New("the path may not be imported")

// ImportRequest is the parameters of a job of kind "import". Paths of an upload are
// those of UploadList in the folder of the job.
type ImportRequest struct {
	Upload       bool     `json:"upload"`
	Paths        []string `json:"paths,omitempty"`
	KeepOriginal bool     `json:"keep_original"`
}

// UploadList is the file beside uploaded ones that names them: an Uploaded.
const UploadList = "list.json"

// Uploaded is what an upload brought.
type Uploaded struct {
	Files        []string `json:"files"`  // below the folder, with slashes
	Left         []string `json:"left"`   // names that are no logs, at most 100
	LeftN        int      `json:"left_n"` // all of them
	Bytes        int64    `json:"bytes"`  // received
	KeepOriginal bool     `json:"keep_original"`
}

// ImportSummary is what an import brought.
type ImportSummary struct {
	Files      []Import `json:"files"` // at most 500
	More       int      `json:"more"`  // beyond them
	Events     int64    `json:"events"`
	Duplicates int64    `json:"duplicates"`
	Records    int64    `json:"records"`
	Skipped    int      `json:"skipped"`
	Damaged    int      `json:"damaged"`
	Servers    []string `json:"servers"` // that got events
	Left       []string `json:"left"`    // uploaded names that are no logs
	LeftN      int      `json:"left_n"`
}

const (
	maxUploadFiles = 10_000
	spaceEvery     = 16 << 20  // bytes between two looks at the free space
	spaceReserve   = 512 << 20 // bytes that an upload leaves free
	uploadIdle     = 2 * time.Minute
)

// Errors of an upload, each with its words.
var (
	errUploadSize  = errPage{http.StatusRequestEntityTooLarge, "web.imp.too_big"}
	errUploadMany  = errPage{http.StatusRequestEntityTooLarge, "web.imp.too_many"}
	errUploadSpace = errPage{http.StatusInsufficientStorage, "web.imp.no_space"}
	errUploadCut   = errPage{http.StatusBadRequest, "web.imp.cut"}
	errUploadNone  = errPage{http.StatusUnprocessableEntity, "web.imp.nothing"}
)

// importView is the page of imports.
type importView struct {
	frame
	Jobs    []jobView
	Open    bool // one is running
	Folders []string
	Limit   int64
	Free    int64 // -1 = not known
	Problem string
	Path    string
}

func (s *site) importPage(rq *request) error { return s.importForm(rq, http.StatusOK, "", "") }

func (s *site) importForm(rq *request, code int, problem, path string) error {
	set, err := s.settings()
	if err != nil {
		return err
	}
	v := importView{frame: s.frame(rq, "/settings/import", "web.nav.import"), Folders: set.ImportFolders(), Limit: set.UploadLimit(), Free: -1, Problem: problem, Path: path}
	if s.cfg.Imports != nil {
		if n, err := s.cfg.Imports.Free(); err == nil {
			v.Free = n
		}
	}
	runner, err := s.jobs()
	if err != nil {
		return err
	}
	l, err := runner.List(rq.r.Context(), rq.who, false)
	if err != nil {
		return jobError(err)
	}
	for _, j := range l {
		if j.Kind == "import" && len(v.Jobs) < 10 {
			x := s.viewJob(rq, j)
			v.Open = v.Open || x.Open
			v.Jobs = append(v.Jobs, x)
		}
	}
	return s.render(rq, code, "import", v)
}

// importUpload is POST /settings/import: files stream into the folder of a job. A
// visitor who goes away in the middle leaves nothing.
func (s *site) importUpload(rq *request) error {
	set, err := s.settings()
	if err != nil {
		return err
	}
	runner, err := s.jobs()
	if err != nil {
		return err
	}
	if s.cfg.Imports == nil {
		return errPage{http.StatusNotFound, "web.error.no_page"}
	}
	u := &upload{rq: rq, imports: s.cfg.Imports, limit: set.UploadLimit()}
	if rq.r.ContentLength > u.limit+maxUploadFiles<<10 {
		return s.importRefused(rq, errUploadSize)
	}
	if err := s.note(rq, "import", "upload"); err != nil {
		return err
	}
	j, err := runner.Submit(rq.r.Context(), rq.who, job.Request{
		Kind: "import", Params: ImportRequest{Upload: true}, Words: []job.Word{{Key: "web.imp.about_upload"}}, Fill: u.fill,
	})
	var refused errPage
	if errors.As(err, &refused) {
		return s.importRefused(rq, refused)
	}
	if err != nil {
		return jobError(err)
	}
	http.Redirect(rq.w, rq.r, "/settings/import/"+j.ID, http.StatusSeeOther)
	return nil
}

// importRefused draws the page again with what is wrong. What the visitor still
// sends is not read.
func (s *site) importRefused(rq *request, e errPage) error {
	rq.w.Header().Set("Connection", "close")
	return s.importForm(rq, e.code, e.key, "")
}

// upload takes the parts of a request into a folder.
type upload struct {
	rq      *request
	imports Imports
	limit   int64
	got     Uploaded
	next    int64 // bytes at which the free space is looked at
}

func (u *upload) fill(dir string) error {
	mr, err := u.rq.r.MultipartReader()
	if err != nil {
		return errPage{http.StatusBadRequest, "web.error.form"}
	}
	rc := http.NewResponseController(u.rq.w)
	_ = rc.SetWriteDeadline(time.Time{}) // an upload takes as long as it takes; not all writers can
	for {
		_ = rc.SetReadDeadline(time.Now().Add(uploadIdle))
		p, err := mr.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return errUploadCut
		}
		if err := u.part(rc, dir, p); err != nil {
			return err
		}
	}
	_ = rc.SetReadDeadline(time.Time{})
	if len(u.got.Files) == 0 {
		return errUploadNone
	}
	b, err := json.Marshal(u.got)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, UploadList), b, 0o600)
}

func (u *upload) part(rc *http.ResponseController, dir string, p *multipart.Part) error {
	name := p.FileName()
	switch {
	case p.FormName() == "keep":
		b, err := io.ReadAll(io.LimitReader(p, 16))
		u.got.KeepOriginal = string(b) == "1"
		return err
	case p.FormName() != "files" || name == "":
		_, err := io.Copy(io.Discard, io.LimitReader(p, 1<<20))
		return err
	case !logName(name):
		if u.got.LeftN++; len(u.got.Left) < 100 {
			u.got.Left = append(u.got.Left, spoolName(name))
		}
		return u.copy(rc, io.Discard, dir, p)
	case len(u.got.Files) >= maxUploadFiles:
		return errUploadMany
	}
	folder := fmt.Sprintf("%06d", len(u.got.Files)+1) // names may be the same in several folders
	if err := os.Mkdir(filepath.Join(dir, folder), 0o700); err != nil {
		return err
	}
	safe := spoolName(name)
	f, err := os.OpenFile(filepath.Join(dir, folder, safe), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(u.copy(rc, f, dir, p), f.Close()); err != nil {
		return err
	}
	u.got.Files = append(u.got.Files, folder+"/"+safe)
	return nil
}

// copy takes a part within the limits of the whole upload.
func (u *upload) copy(rc *http.ResponseController, w io.Writer, dir string, p io.Reader) error {
	buf := make([]byte, 256<<10)
	for {
		_ = rc.SetReadDeadline(time.Now().Add(uploadIdle))
		n, err := p.Read(buf)
		if n > 0 {
			if u.got.Bytes += int64(n); u.got.Bytes > u.limit {
				return errUploadSize
			}
			if u.got.Bytes >= u.next {
				u.next = u.got.Bytes + spaceEvery
				if free, ferr := u.imports.Free(); ferr == nil && free < spaceReserve {
					return errUploadSpace
				}
			}
			if _, werr := w.Write(buf[:n]); werr != nil {
				return werr
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errUploadCut
		}
	}
}

// logName reports whether a file may be a log by its name.
func logName(name string) bool {
	name = strings.ToLower(name)
	name = strings.TrimSuffix(name, ".gz")
	for _, ext := range []string{".evtx", ".xml", ".json", ".jsonl", ".ndjson"} {
		if strings.HasSuffix(name, ext) {
			return true
		}
	}
	return false
}

// spoolName makes the name that a browser sent one that every system takes: the
// name alone, without what a path, a device or a terminal would understand.
func spoolName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || record.Visible(string(r)) != string(r) || strings.ContainsRune(`<>:"|?*`, r) {
			return '_'
		}
		return r
	}, name)
	name = strings.Trim(name, " .")
	const longest = 120 // bytes
	if len(name) > longest {
		ext := filepath.Ext(name)
		if len(ext) > 12 {
			ext = ""
		}
		cut := longest - len(ext)
		for cut > 0 && !utf8.RuneStart(name[cut]) {
			cut--
		}
		name = name[:cut] + ext
	}
	base, _, _ := strings.Cut(strings.ToUpper(name), ".")
	switch {
	case name == "":
		return "log"
	case base == "CON", base == "PRN", base == "AUX", base == "NUL", len(base) == 4 && (strings.HasPrefix(base, "COM") || strings.HasPrefix(base, "LPT")):
		return "_" + name
	}
	return name
}

// importPath is POST /settings/import/path: a file or folder of the server's
// machine.
func (s *site) importPath(rq *request) error {
	if _, err := posted(rq); err != nil {
		return err
	}
	runner, err := s.jobs()
	if err != nil {
		return err
	}
	path := strings.TrimSpace(rq.r.PostForm.Get("path"))
	if s.cfg.Imports == nil || path == "" {
		return s.importForm(rq, http.StatusUnprocessableEntity, "web.imp.not_allowed", record.Visible(path))
	}
	real, err := s.cfg.Imports.Allowed(path)
	if errors.Is(err, ErrNotAllowed) {
		return s.importForm(rq, http.StatusUnprocessableEntity, "web.imp.not_allowed", record.Visible(path))
	}
	if err != nil {
		return err
	}
	if err := s.note(rq, "import", real); err != nil {
		return err
	}
	j, err := runner.Submit(rq.r.Context(), rq.who, job.Request{
		Kind: "import", Params: ImportRequest{Paths: []string{real}, KeepOriginal: rq.r.PostForm.Get("keep") == "1"}, About: record.Visible(real),
	})
	if err != nil {
		return jobError(err)
	}
	http.Redirect(rq.w, rq.r, "/settings/import/"+j.ID, http.StatusSeeOther)
	return nil
}

// importResult is one import: its progress, then what it brought.
func (s *site) importResult(rq *request) error {
	runner, err := s.jobs()
	if err != nil {
		return err
	}
	id := rq.r.PathValue("id")
	j, err := runner.Get(rq.r.Context(), rq.who, id)
	if err == nil && j.Kind != "import" {
		err = job.ErrNotFound
	}
	if err != nil {
		return jobError(err)
	}
	v := struct {
		frame
		Job     jobView
		Summary *ImportSummary
		Bad     []Import
		Servers []coverageView
	}{frame: s.frame(rq, "/settings/import", "web.imp.result"), Job: s.viewJob(rq, j)}
	v.Crumbs = []crumb{{rq.p.T("web.nav.settings"), "/settings"}, {rq.p.T("web.nav.import"), "/settings/import"}, {v.Job.When, ""}}
	if s.cfg.Imports != nil && j.State == job.Done {
		if v.Summary, err = s.cfg.Imports.Summary(rq.r.Context(), id); err != nil {
			return err
		}
	}
	if v.Summary != nil {
		for _, f := range v.Summary.Files {
			if f.Error != "" || f.Damage > 0 {
				v.Bad = append(v.Bad, f)
			}
		}
		for _, name := range v.Summary.Servers {
			if s.cfg.Health == nil || !sees(rq.who, name) {
				continue
			}
			c, err := s.cfg.Health.Coverage(rq.r.Context(), name)
			if err != nil && !errors.Is(err, ErrNotFound) {
				return err
			}
			v.Servers = append(v.Servers, newCoverageView(rq, name, c))
		}
	}
	return s.render(rq, 200, "import-result", v)
}
