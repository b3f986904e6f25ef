package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/akashi-audit/akashi/internal/care"
)

// volumeView is a volume as a page shows it.
type volumeView struct {
	Volume
	Used    int // percent; -1 = unknown
	Checked string
	LockTo  string
	// QuotaGB and ReserveGB are its bounds in GiB, as a form has them.
	QuotaGB, ReserveGB string
	Others             []string // volumes that can take its place
}

// Own reports whether it can be changed: what another data folder has cannot.
func (v volumeView) Own() bool { return v.State != "foreign" }

// Classes are what a volume's class can be.
func (volumeView) Classes() []int { return []int{1, 2, 3, 4, 5, 6, 7, 8, 9} }

// poolView is the page of volumes.
type poolView struct {
	dataFrame
	Pool    *Pool
	Volumes []volumeView
	Days    int    // until it is full; -1 = not in sight
	Wrong   string // in words
	Probes  []string
	Given   url.Values
	Moves   []MoveRule // rows of the form
	Plain   bool       // new objects are not encrypted
	Bucket  bool       // a volume is one of S3, whose room has no end
}

// Classes are what the class of a rule can be.
func (poolView) Classes() []int { return []int{1, 2, 3, 4, 5, 6, 7, 8, 9} }

// farDays is how far a forecast is told.
const farDays = 3650

// poolPage shows the volumes of the archive.
func (s *site) poolPage(rq *request) error {
	return s.pool(rq, url.Values{}, nil)
}

func (s *site) pool(rq *request, given url.Values, wrong *VolumeError) error {
	data, err := s.careData()
	if err != nil {
		return err
	}
	p, err := data.Pool(rq.r.Context())
	if err != nil {
		return dataError(err)
	}
	v := poolView{dataFrame: s.dataFrame(rq, "pool", "web.pool.title"), Pool: p, Given: given, Days: int(p.Days), Moves: moveRows(p.Move), Plain: len(p.Recipients) == 0}
	if v.Days > farDays {
		v.Days = -1
	}
	for _, x := range p.Volumes {
		v.Bucket = v.Bucket || strings.Contains(x.Place, "://")
		x.Problem = strings.ReplaceAll(x.Problem, "\n", "; ") // errors that were joined
		w := volumeView{Volume: x, Used: -1, Checked: clock(x.Checked, rq.zone), LockTo: clock(x.LockTo, rq.zone), QuotaGB: asGigabytes(x.Quota), ReserveGB: asGigabytes(x.Reserve)}
		if x.Total > 0 && x.Free >= 0 {
			w.Used = int(100 - min(x.Free, x.Total)*100/x.Total)
		}
		for _, o := range p.Volumes {
			if o.ID != x.ID && o.State == "active" {
				w.Others = append(w.Others, o.Name)
			}
		}
		v.Volumes = append(v.Volumes, w)
	}
	code := http.StatusOK
	if wrong != nil {
		code = http.StatusUnprocessableEntity
		v.Wrong = rq.p.T(wrong.Key, shown(wrong.Args)...)
		for _, t := range wrong.Probes {
			if t.Level != "info" {
				v.Probes = append(v.Probes, rq.p.T(t.Key, shown(t.Args)...))
			}
		}
	}
	return s.render(rq, code, "pool", v)
}

// shown makes the texts among arguments safe to show.
func shown(l []any) []any {
	out := make([]any, len(l))
	for i, a := range l {
		out[i] = a
		if s, ok := a.(string); ok && i%2 == 1 {
			out[i] = visible(s)
		}
	}
	return out
}

// poolAdd asks, and then adds a folder to the volumes.
func (s *site) poolAdd(rq *request) error {
	data, v, err := s.careForm(rq)
	if err != nil {
		return err
	}
	f := care.Folder{Path: clean(v.Get("path")), Name: clean(v.Get("name"))}
	if wrong := faultKey(f.Check()); wrong != "" {
		return s.pool(rq, v, &VolumeError{Key: wrong})
	}
	if !care.SeesAll(rq.who) {
		return errPage{http.StatusForbidden, "web.data.restricted"}
	}
	if !certain(v) {
		return s.ask(rq, sure{
			dataFrame: s.dataFrame(rq, "pool", "web.pool.add_title"), Words: strings.Split(rq.p.T("web.pool.sure"), "\n"), Button: "web.pool.add", Back: "/data/pool",
			Facts: []fact{{"web.pool.path", visible(f.Path)}, {"web.pool.name", visible(f.Name)}},
		}, v)
	}
	if err := s.note(rq, "volume_add", f.Path); err != nil {
		return err
	}
	_, err = data.AddVolume(rq.r.Context(), f)
	var x *VolumeError
	if errors.As(err, &x) {
		return s.pool(rq, v, x)
	}
	if err != nil {
		return dataError(err)
	}
	return seeOther(rq, "/data/pool?done=volume")
}
