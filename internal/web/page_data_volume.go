package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/care"
)

// Volumes is what can be changed of the volumes of the archive at once; the rest is
// jobs. A *VolumeError says why nothing was changed.
type Volumes interface {
	AddBucket(ctx context.Context, b Bucket) (*Volume, error)
	// SetVolume gives a volume another class, and opens it for writing or closes it.
	SetVolume(ctx context.Context, c care.VolumeChange) error
	// LoseVolume gives a volume up: nothing that lies there counts any more.
	LoseVolume(ctx context.Context, volume string) error
}

// volumeRoutes are the forms that change volumes.
func (s *site) volumeRoutes() []route {
	const manage = account.See | account.Manage
	return []route{
		{pattern: "POST /data/pool/bucket", need: manage, serve: s.bucketAdd},
		{pattern: "POST /data/pool/set", need: manage, serve: s.volumeSet},
		{pattern: "POST /data/pool/lost", need: manage, serve: s.volumeLost},
	}
}

// volumeForm is what the forms of volumes have in common.
func (s *site) volumeForm(rq *request) (Data, url.Values, error) {
	data, err := s.careData()
	if err != nil {
		return nil, nil, err
	}
	v, err := posted(rq)
	if err != nil {
		return nil, nil, err
	}
	if !care.SeesAll(rq.who) {
		return nil, nil, errPage{http.StatusForbidden, "web.data.restricted"}
	}
	return data, v, nil
}

// bucketOf reads the form of a bucket; wrong is the key of what is not right.
func bucketOf(v url.Values) (b Bucket, wrong string) {
	b = Bucket{
		Name: clean(v.Get("name")), Endpoint: clean(v.Get("endpoint")), Region: clean(v.Get("region")), Bucket: clean(v.Get("bucket")), Prefix: clean(v.Get("prefix")),
		Keys: clean(v.Get("keys")),
	}
	var err error
	if days := clean(v.Get("lock")); days != "" {
		if b.LockDays, err = strconv.Atoi(days); err != nil {
			return b, "web.vol.bad_lock"
		}
	}
	return b, faultKey(b.Check())
}

// bucketAdd asks, and then adds a bucket to the volumes.
func (s *site) bucketAdd(rq *request) error {
	data, v, err := s.volumeForm(rq)
	if err != nil {
		return err
	}
	b, wrong := bucketOf(v)
	if wrong != "" {
		return s.pool(rq, v, &VolumeError{Key: wrong})
	}
	place := b.Place()
	if !certain(v) {
		words := strings.Split(rq.p.T("web.pool.sure"), "\n")
		if b.LockDays > 0 {
			words = append(words, rq.p.T("web.vol.sure_lock", "n", b.LockDays))
		}
		return s.ask(rq, sure{
			dataFrame: s.dataFrame(rq, "pool", "web.vol.bucket_title"), Words: words, Button: "web.vol.bucket_add", Back: "/data/pool", Grave: b.LockDays > 0,
			Facts: []fact{{"web.vol.endpoint", visible(b.Endpoint)}, {"web.vol.bucket", visible(place)}, {"web.vol.keys", visible(b.Keys)}, {"web.vol.lock", strconv.Itoa(b.LockDays)}, {"web.pool.name", visible(b.Name)}},
		}, v)
	}
	if err := s.note(rq, "volume_add", place+" "+b.Endpoint); err != nil {
		return err
	}
	_, err = data.AddBucket(rq.r.Context(), b)
	return s.volumeDone(rq, v, err, "volume")
}

// volumeDone shows the volumes again, or why nothing was changed.
func (s *site) volumeDone(rq *request, v url.Values, err error, done string) error {
	var x *VolumeError
	if errors.As(err, &x) {
		return s.pool(rq, v, x)
	}
	if err != nil {
		return dataError(err)
	}
	return seeOther(rq, "/data/pool?done="+done)
}

// volumeSet asks, and then changes the class of a volume and whether it is written to.
func (s *site) volumeSet(rq *request) error {
	data, v, err := s.volumeForm(rq)
	if err != nil {
		return err
	}
	class, err := strconv.Atoi(v.Get("class"))
	c := care.VolumeChange{Volume: v.Get("volume"), Class: class, State: v.Get("state")}
	if err != nil || c.Check() != nil {
		return errPage{http.StatusBadRequest, "web.data.bad_form"}
	}
	if !certain(v) {
		return s.ask(rq, sure{
			dataFrame: s.dataFrame(rq, "pool", "web.vol.set_title"), Words: strings.Split(rq.p.T("web.vol.sure_set"), "\n"), Button: "web.vol.set", Back: "/data/pool",
			Facts: []fact{{"web.pool.volume", visible(c.Volume)}, {"web.vol.class", strconv.Itoa(class)}, {"web.vol.state", rq.p.T("web.pool.state." + c.State)}},
		}, v)
	}
	if err := s.note(rq, "volume_set", c.String()); err != nil {
		return err
	}
	return s.volumeDone(rq, v, data.SetVolume(rq.r.Context(), c), "volume_set")
}

// volumeLost asks, and then gives a volume up.
func (s *site) volumeLost(rq *request) error {
	data, v, err := s.volumeForm(rq)
	if err != nil {
		return err
	}
	volume := v.Get("volume")
	if volume == "" {
		return errPage{http.StatusBadRequest, "web.data.bad_form"}
	}
	if !certain(v) {
		return s.ask(rq, sure{
			dataFrame: s.dataFrame(rq, "pool", "web.vol.lost_title"), Words: strings.Split(rq.p.T("web.vol.sure_lost"), "\n"), Button: "web.vol.lost", Back: "/data/pool", Grave: true,
			Facts: []fact{{"web.pool.volume", visible(volume)}},
		}, v)
	}
	if err := s.note(rq, "volume_lost", volume); err != nil {
		return err
	}
	return s.volumeDone(rq, v, data.LoseVolume(rq.r.Context(), volume), "volume_lost")
}
