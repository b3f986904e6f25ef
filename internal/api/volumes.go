package api

import (
	"net/http"
	"strings"

	"github.com/akashi-audit/akashi/internal/care"
)

// volume is care.Volume as clients get it.
type volume struct {
	ID      string  `json:"id"`
	Name    string  `json:"name"`
	Place   Text    `json:"place"`
	State   string  `json:"state"`
	Class   int     `json:"class"`
	Online  bool    `json:"online"`
	Problem Text    `json:"problem"`
	Total   int64   `json:"total"` // bytes, 0 = unknown
	Free    int64   `json:"free"`  // bytes, -1 = unknown
	Objects int64   `json:"objects"`
	Bytes   int64   `json:"bytes"`
	Damaged int64   `json:"damaged"`
	Missing int64   `json:"missing"`
	Checked Time    `json:"checked"`
	Quota   int64   `json:"quota"`   // bytes, 0 = as much as it holds
	Reserve int64   `json:"reserve"` // bytes that stay free
	Probes  []Probe `json:"probes"`  // of a volume that was just added
}

// Probe is something that was tried out on a volume.
type Probe struct {
	Level string `json:"level"` // info, warn, error
	Text  string `json:"text"`
}

func volumeOf(rq *request, v *care.Volume) volume {
	out := volume{
		ID: v.ID, Name: v.Name, Place: Text(v.Place), State: v.State, Class: v.Class, Online: v.Online, Problem: Text(v.Problem), Total: v.Total, Free: v.Free,
		Objects: v.Objects, Bytes: v.Bytes, Damaged: v.Damaged, Missing: v.Missing, Checked: Time(v.Checked), Quota: v.Quota, Reserve: v.Reserve, Probes: []Probe{},
	}
	for _, t := range v.Probes {
		out.Probes = append(out.Probes, Probe{t.Level, rq.p.T(t.Key, t.Args...)})
	}
	return out
}

// pool answers with the volumes of the archive.
func (s *server) pool(rq *request) error {
	if err := known(rq.r.URL.Query()); err != nil {
		return err
	}
	p, err := s.cfg.Care.Pool(rq.r.Context())
	if err != nil {
		return err
	}
	out := struct {
		Objects int64   `json:"objects"`
		Bytes   int64   `json:"bytes"`
		Short   int64   `json:"short"`
		Lost    int64   `json:"lost"`
		Free    int64   `json:"free"`    // bytes, -1 = without bound
		PerDay  int64   `json:"per_day"` // bytes
		Days    float64 `json:"days"`    // until it is full, -1 = not in sight
		Warn    bool    `json:"warn"`
		rulesBody
		Volumes []volume `json:"volumes"`
	}{p.Objects, p.Bytes, p.Short, p.Lost, p.Free, p.PerDay, p.Days, p.Warn, rulesBody{p.Copies, p.WarnDays, movesOf(p.Move)}, []volume{}}
	for i := range p.Volumes {
		out.Volumes = append(out.Volumes, volumeOf(rq, &p.Volumes[i]))
	}
	return s.json(rq, out)
}

// addVolume adds a folder, or a bucket, to the volumes.
func (s *server) addVolume(rq *request) error {
	var in struct {
		Name   string `json:"name"`
		Path   string `json:"path"`
		Bucket *struct {
			Endpoint string `json:"endpoint"`
			Region   string `json:"region"`
			Bucket   string `json:"bucket"`
			Prefix   string `json:"prefix"`
			Keys     string `json:"keys"`
			LockDays int    `json:"lock_days"`
		} `json:"bucket"`
	}
	if err := s.read(rq, &in); err != nil {
		return err
	}
	if in.Bucket != nil && in.Path != "" {
		return wrong("path", "value")
	}
	if !care.SeesAll(rq.who) {
		return care.ErrRestricted
	}
	ctx := rq.r.Context()
	var v *care.Volume
	if in.Bucket == nil {
		f := care.Folder{Path: tidied(in.Path), Name: tidied(in.Name)}
		err := f.Check()
		if err == nil {
			err = s.note(rq, "volume_add", f.Path, "")
		}
		if err == nil {
			v, err = s.cfg.Care.AddVolume(ctx, f)
		}
		if err != nil {
			return err
		}
	} else {
		x := in.Bucket
		b := care.Bucket{
			Name: tidied(in.Name), Endpoint: tidied(x.Endpoint), Region: tidied(x.Region), Bucket: tidied(x.Bucket), Prefix: tidied(x.Prefix), Keys: tidied(x.Keys), LockDays: x.LockDays,
		}
		err := b.Check()
		if err == nil {
			err = s.note(rq, "volume_add", b.Place()+" "+b.Endpoint, "")
		}
		if err == nil {
			v, err = s.cfg.Care.AddBucket(ctx, b)
		}
		if err != nil {
			return err
		}
	}
	if err := s.fresh(rq, v); err != nil {
		return err
	}
	return s.answer(rq, http.StatusCreated, volumeOf(rq, v))
}

// fresh completes a volume with what the pool knows of it by now; what was tried out
// stays.
func (s *server) fresh(rq *request, v *care.Volume) error {
	p, err := s.cfg.Care.Pool(rq.r.Context())
	if err != nil {
		return err
	}
	for _, x := range p.Volumes {
		if x.ID == v.ID || v.ID == "" && (x.Name == v.Name || x.ID == v.Name) {
			x.Probes = v.Probes
			*v = x
			return nil
		}
	}
	return nil
}

// setVolume changes the class of a volume and whether it is written to.
func (s *server) setVolume(rq *request) error {
	var in struct {
		Class int    `json:"class"`
		State string `json:"state"`
	}
	if err := s.read(rq, &in, "class", "state"); err != nil {
		return err
	}
	c := care.VolumeChange{Volume: rq.r.PathValue("volume"), Class: in.Class, State: in.State}
	if err := c.Check(); err != nil {
		return err
	}
	if !care.SeesAll(rq.who) {
		return care.ErrRestricted
	}
	if err := s.note(rq, "volume_set", c.String(), ""); err != nil {
		return err
	}
	if err := s.cfg.Care.SetVolume(rq.r.Context(), c); err != nil {
		return err
	}
	return s.volumeNow(rq, c.Volume)
}

// loseVolume gives a volume up.
func (s *server) loseVolume(rq *request) error {
	if err := known(rq.r.URL.Query()); err != nil {
		return err
	}
	name := strings.ToValidUTF8(rq.r.PathValue("volume"), "\uFFFD")
	if !care.SeesAll(rq.who) {
		return care.ErrRestricted
	}
	if err := s.note(rq, "volume_lost", name, ""); err != nil {
		return err
	}
	if err := s.cfg.Care.LoseVolume(rq.r.Context(), name); err != nil {
		return err
	}
	return s.volumeNow(rq, name)
}

func (s *server) volumeNow(rq *request, name string) error {
	v := &care.Volume{Name: name}
	if err := s.fresh(rq, v); err != nil {
		return err
	}
	return s.json(rq, volumeOf(rq, v))
}
