package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// lies is the naive rule of a folder: the path up to its end or to a backslash
// is the folder.
func lies(path, folder string) bool {
	folder = strings.TrimRight(strings.ReplaceAll(folder, "/", `\`), `\`)
	if folder == "" {
		return false
	}
	for i := range len(path) + 1 {
		if (i == len(path) || path[i] == '\\') && query.EqualPath(path[:i], folder) {
			return true
		}
	}
	return false
}

// lets is the naive rule of a folder that somebody may see: as lies, but two names are
// one only where Windows holds them for the same, capital by capital.
func lets(path, folder string) bool {
	folder = strings.TrimRight(strings.ReplaceAll(folder, "/", `\`), `\`)
	if folder == "" {
		return false
	}
	upper := func(s string) string {
		b := []byte(s)
		var out []byte
		for len(b) > 0 {
			r, n := utf8.DecodeRune(b)
			if u := unicode.ToUpper(r); u != r && u <= 0xffff && unicode.ToLower(u) == r {
				out = utf8.AppendRune(out, u)
			} else {
				out = append(out, b[:n]...)
			}
			b = b[n:]
		}
		return string(out)
	}
	p, f := upper(path), upper(folder)
	return p == f || strings.HasPrefix(p, f+`\`)
}

// visible is the naive rule of an extent.
func visible(x query.Extent, r *record.Record) bool {
	host, _, _ := strings.Cut(r.Server, ".")
	if len(x.Servers) > 0 && !slices.ContainsFunc(x.Servers, func(s string) bool { return strings.EqualFold(s, r.Server) || strings.EqualFold(s, host) }) {
		return false
	}
	if len(x.Folders) == 0 {
		return true
	}
	in := func(path string) bool {
		return slices.ContainsFunc(x.Folders, func(f string) bool {
			if lets(path, f) {
				return true
			}
			f = strings.TrimRight(strings.ReplaceAll(f, "/", `\`), `\`)
			parts := strings.SplitN(f, `\`, 5) // "", "", host, share, rest
			if len(parts) < 4 || parts[0]+parts[1] != "" || r.Share == "" || r.ShareRoot == 0 {
				return false
			}
			own := strings.SplitN(r.Share, `\`, 4)
			a, _, _ := strings.Cut(parts[2], ".")
			b, _, _ := strings.Cut(own[2], ".")
			same := strings.EqualFold(parts[2], own[2]) || strings.EqualFold(a, own[2]) || strings.EqualFold(parts[2], b)
			local := r.Path[:r.ShareRoot]
			if len(parts) == 5 {
				local += `\` + parts[4]
			}
			return same && strings.EqualFold(parts[3], own[3]) && lets(path, local)
		})
	}
	return r.Path != "" && in(r.Path) && (r.NewPath == "" || in(r.NewPath))
}

// randomExtent is a few servers and folders of the records.
func randomExtent(r *rand.Rand, l []record.Record) query.Extent {
	a := &asker{r: r, l: l, n: oddNames()}
	x := query.Extent{Servers: some(r, 3, a.server)}
	if r.IntN(4) > 0 || len(x.Servers) == 0 {
		for range 1 + r.IntN(3) {
			x.Folders = append(x.Folders, pick(r, []func() string{
				a.folder, a.path, func() string { return `D:\共有\人事` }, func() string { return `\\fs-a\人事` }, func() string { return `\\FS-A.example.jp\人事\` },
				func() string { return `D:/共有/部署1` }, func() string { return pick(r, []string{"", `\`, `\\`, "D:", `\\FS-A`}) },
			})())
		}
	}
	return x
}

func seen(x query.Extent, l []record.Record) (out []record.Record) {
	for i := range l {
		if visible(x, &l[i]) {
			out = append(out, l[i])
		}
	}
	return out
}

// checkExtent compares what is answered within an extent with what a slice of the
// visible records answers.
func checkExtent(ctx context.Context, s *store.Store, x query.Extent, q query.Query, st *state) error {
	only := &state{Records: seen(x, st.Records), Superseded: seen(x, st.Superseded)}
	want := find(q, only)
	within := q
	within.Within = x
	got, err := pages(ctx, s, within)
	if err != nil {
		return fmt.Errorf("%+v: %w", within, err)
	}
	if d := recordDiff(want, got); d != "equal" {
		return fmt.Errorf("%+v: %s", within, d)
	}
	f, err := s.Facets(ctx, within)
	if err != nil {
		return fmt.Errorf("facets of %+v: %w", within, err)
	}
	if d := gocmp.Diff(count(q, want), f, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(query.Facets{}, ignored(q)...), gocmp.FilterValues(someClients, gocmp.Ignore())); d != "" {
		return fmt.Errorf("facets of %+v (-want +got):\n%.3000s", within, d)
	}
	return nil
}

// checkComplete compares completion within an extent with the paths of the visible
// records.
func checkComplete(ctx context.Context, s *store.Store, x query.Extent, typed string, st *state) error {
	l, err := s.Complete(ctx, typed, 10_000, x)
	if err != nil {
		return err
	}
	word := strings.ReplaceAll(query.Fold(typed), "/", `\`)
	names := map[string]map[string]int64{} // newest record by server and path
	for _, r := range seen(x, st.Records) {
		for _, p := range []string{r.Path, r.NewPath} {
			if p == "" || r.Server == record.OwnServer {
				continue
			}
			if names[r.Server] == nil {
				names[r.Server] = map[string]int64{}
			}
			names[r.Server][p] = max(names[r.Server][p], r.Time)
		}
	}
	for _, h := range l {
		odd := strings.HasPrefix(h.Path, `\\`) || strings.HasSuffix(h.Path, `\`) // a search for it means others too
		last := int64(0)
		for p, t := range names[h.Server] {
			if query.EqualPath(p, h.Path) || h.Folder && lies(p, h.Path) {
				last = max(last, t)
			}
		}
		switch {
		case odd:
			if len(x.Folders) > 0 && !visible(query.Extent{Folders: x.Folders}, &record.Record{Path: h.Path}) {
				return fmt.Errorf("%q within %+v finds %q", typed, x, h.Path)
			}
		case len(x.Folders) == 0 && last == 0: // the catalogue remembers paths of records that no longer hold
		case last == 0:
			return fmt.Errorf("%q within %+v finds %q of %s, which no visible record names", typed, x, h.Path, h.Server)
		case len(x.Folders) > 0 && (h.Last != last || h.N != 0):
			return fmt.Errorf("%q within %+v: %q was last named at %d, not %d; %d records", typed, x, h.Path, last, h.Last, h.N)
		case !strings.Contains(query.Fold(h.Path), word) && !strings.Contains(query.Fold(h.UNC), word):
			return fmt.Errorf("%q finds %q, %q", typed, h.Path, h.UNC)
		}
	}
	for server, paths := range names {
		for p := range paths {
			if strings.HasSuffix(p, `\`) { // no search finds a name that ends so
				continue
			}
			if strings.Contains(query.Fold(p), word) && !slices.ContainsFunc(l, func(h store.PathHit) bool { return h.Server == server && query.EqualPath(h.Path, p) }) {
				return fmt.Errorf("%q within %+v does not find %q of %s among %d", typed, x, p, server, len(l))
			}
		}
	}
	return nil
}

// TestExtentAgainstSlice asks random queries within random extents of random data.
func TestExtentAgainstSlice(t *testing.T) {
	seeds, rounds := uint64(3), 30
	if long() {
		seeds, rounds = 60, 1000
	}
	eachSeed(t, seeds, func(t *testing.T, seed uint64) { everyExtent(t, seed, rounds) })
}

func everyExtent(t *testing.T, seed uint64, rounds int) {
	ctx := context.Background()
	r := rand.New(rand.NewPCG(seed, 0x5c09e))
	w := newWork(seed+100, 12)
	s, err := store.Open("/data", options(store.Options{FS: fsx.NewCrash(), Zone: zone()}))
	if err != nil {
		t.Fatal(err)
	}
	some, none := 0, 0
	look := func() {
		t.Helper()
		st := w.model.state()
		for range rounds {
			x, q := randomExtent(r, st.Records), randomQuery(r, st.Records)
			if r.IntN(3) == 0 {
				q = query.Query{Classes: query.AllClasses(), Limit: 100, Oldest: r.IntN(2) == 0}
			}
			if err := checkExtent(ctx, s, x, q, st); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if n := len(seen(x, st.Records)); n > 0 && n < len(st.Records) {
				some++
			} else {
				none++
			}
			typed := ""
			if len(st.Records) > 0 {
				typed = piece(r, pick(r, st.Records).Path)
			}
			if err := checkComplete(ctx, s, x, typed, st); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
	}
	for i := range 60 {
		st := w.step()
		if err := st.apply(ctx, s); err != nil {
			t.Fatalf("seed %d, %s: %v", seed, st, err)
		}
		w.done(st)
		if i%20 == 19 {
			look()
		}
	}
	for _, kind := range []stepKind{stepFlush, stepMerge} {
		if err := (step{kind: kind}).apply(ctx, s); err != nil {
			t.Fatal(err)
		}
		look()
	}
	if some < none {
		t.Errorf("seed %d: %d extents show a part, %d all or nothing: the test asks little", seed, some, none)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestFollowWithin compares the life of a file within an extent with the life that
// a store of the visible records alone tells.
func TestFollowWithin(t *testing.T) {
	ctx := context.Background()
	folders := []string{`D:\共有\人事`, `D:\共有\総務`, `D:\秘密`}
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 0xf0))
		x := query.Extent{Folders: folders[:1+r.IntN(2)]}
		var l []record.Record
		name := func() string {
			return pick(r, folders) + pick(r, []string{"", "", `\a`}) + fmt.Sprintf(`\f%d.xlsx`, r.IntN(4))
		}
		for i := range 120 {
			rec := record.Record{Server: "FS", Channel: "Security", FirstID: uint64(i + 1), Time: start + int64(i)*1e9, EndTime: start + int64(i)*1e9, Op: pick(r, []record.Op{record.OpRead, record.OpRename, record.OpMove, record.OpDelete, record.OpCopy}),
				Object: record.ObjectFile, Result: record.Success, Confidence: record.Certain, Class: record.ClassUser, Count: 1, Source: "windows", Path: name(), RawIDs: []uint64{uint64(i + 1)}}
			if rec.Op == record.OpRename || rec.Op == record.OpMove || rec.Op == record.OpCopy {
				rec.NewPath = name()
			}
			l = append(l, rec)
		}
		var stores [2]*store.Store
		for i, l := range [][]record.Record{l, seen(x, l)} {
			s, err := store.Open(fmt.Sprintf("/data%d", i), options(store.Options{FS: fsx.NewCrash(), Zone: zone()}))
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if _, err := s.Append(ctx, &store.Commit{Server: "FS", Records: l, Received: start}); err != nil {
				t.Fatal(err)
			}
			if seed%2 == 0 {
				if err := s.Flush(ctx); err != nil {
					t.Fatal(err)
				}
			}
			stores[i] = s
		}
		for range 60 {
			path, at := name(), pick(r, l).Time
			got, err := stores[0].Follow(ctx, "FS", path, at, x)
			if err != nil {
				t.Fatal(err)
			}
			if !visible(x, &record.Record{Server: "FS", Path: path}) {
				if len(got.Lives) > 0 {
					t.Fatalf("seed %d: %q within %v has a life: %+v", seed, path, x, got.Lives)
				}
				continue
			}
			want, err := stores[1].Follow(ctx, "FS", path, at, query.Extent{})
			if err != nil {
				t.Fatal(err)
			}
			if d := gocmp.Diff(want.Lives, got.Lives); d != "" {
				t.Fatalf("seed %d: %q at %d within %v (-want +got):\n%s", seed, path, at, x, d)
			}
			if !reflect.DeepEqual(want.Copies, got.Copies) {
				t.Fatalf("seed %d: copies of %q: %+v, want %+v", seed, path, got.Copies, want.Copies)
			}
		}
	}
}

// TestCursorDoesNotWiden goes on from a cursor that somebody got who sees more.
func TestCursorDoesNotWiden(t *testing.T) {
	ctx := context.Background()
	s, err := store.Open("/data", options(store.Options{FS: fsx.NewCrash(), Zone: zone()}))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var l []record.Record
	for i := range 30 {
		l = append(l, record.Record{Server: "FS", Channel: "Security", FirstID: uint64(i + 1), Time: start + int64(i), EndTime: start + int64(i), Op: record.OpRead, Class: record.ClassUser, Count: 1,
			Path: []string{`D:\人事\a`, `D:\秘密\b`}[i%2]})
	}
	if _, err := s.Append(ctx, &store.Commit{Server: "FS", Records: l, Received: start}); err != nil {
		t.Fatal(err)
	}
	all, err := s.Search(ctx, query.Query{Limit: 5})
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Search(ctx, query.Query{Limit: 100, Cursor: all.Next, Within: query.Extent{Folders: []string{`D:\人事`}}})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Records) != 13 || slices.ContainsFunc(p.Records, func(r record.Record) bool { return r.Path != `D:\人事\a` }) {
		t.Errorf("%d records behind the cursor", len(p.Records))
	}
	if _, err := s.Search(ctx, query.Query{Cursor: "x", Within: query.Extent{Servers: []string{"FS"}}}); err == nil || errors.Is(err, store.ErrNotFound) {
		t.Errorf("a cursor that is none: %v", err)
	}
}
