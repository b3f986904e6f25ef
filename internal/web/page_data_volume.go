package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/akashi-audit/akashi/internal/account"
)

// Volumes is what can be changed of the volumes of the archive at once; the rest is
// jobs. A *VolumeError says why nothing was changed.
type Volumes interface {
	AddBucket(ctx context.Context, b Bucket) (*Volume, error)
	// SetVolume gives a volume another class, and opens it for writing or closes it.
	SetVolume(ctx context.Context, volume string, class int, readOnly bool) error
	// LoseVolume gives a volume up: nothing that lies there counts any more.
	LoseVolume(ctx context.Context, volume string) error
}

// Bucket is a place of S3 that becomes a volume.
type Bucket struct {
	Name, Endpoint, Region, Bucket, Prefix string
	// Keys is env:NAME for the variables NAME_ACCESS_KEY and NAME_SECRET_KEY of the
	// server, or file:PATH of a file with the lines access_key= and secret_key=. The
	// keys themselves come through no page.
	Keys     string
	LockDays int // each object cannot be deleted for so long; 0 = it can
}

// The bounds of volumes.
const (
	fastestClass = 1
	slowestClass = 9
	maxLockDays  = 36_500
)

var keyNames = regexp.MustCompile(`^env:[A-Za-z_][A-Za-z0-9_]{0,99}$`)

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
	if !seesAll(rq.who) {
		return nil, nil, errPage{http.StatusForbidden, "web.data.restricted"}
	}
	return data, v, nil
}

// bucketOf reads the form of a bucket; wrong is the key of what is not right.
func bucketOf(v url.Values) (b Bucket, wrong string) {
	b = Bucket{
		Name: clean(v.Get("name")), Endpoint: clean(v.Get("endpoint")), Region: clean(v.Get("region")), Bucket: clean(v.Get("bucket")), Prefix: strings.Trim(clean(v.Get("prefix")), "/"),
		Keys: clean(v.Get("keys")),
	}
	u, err := url.Parse(b.Endpoint)
	switch {
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || len(b.Endpoint) > 500:
		return b, "web.vol.needs_endpoint"
	case b.Bucket == "" || len(b.Bucket) > 63 || strings.ContainsAny(b.Bucket, `/\ `):
		return b, "web.vol.needs_bucket"
	case len(b.Name) > 100 || len(b.Prefix) > 500 || len(b.Region) > 60:
		return b, "web.data.bad_form"
	case !keyNames.MatchString(b.Keys) && !(strings.HasPrefix(b.Keys, "file:") && filepath.IsAbs(b.Keys[5:]) && len(b.Keys) < 4096):
		return b, "web.vol.needs_keys"
	}
	if days := clean(v.Get("lock")); days != "" {
		if b.LockDays, err = strconv.Atoi(days); err != nil || b.LockDays < 0 || b.LockDays > maxLockDays {
			return b, "web.vol.bad_lock"
		}
	}
	return b, ""
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
	place := "s3://" + b.Bucket
	if b.Prefix != "" {
		place += "/" + b.Prefix
	}
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
	volume, state := v.Get("volume"), v.Get("state")
	class, err := strconv.Atoi(v.Get("class"))
	if err != nil || class < fastestClass || class > slowestClass || volume == "" || state != "active" && state != "readonly" {
		return errPage{http.StatusBadRequest, "web.data.bad_form"}
	}
	if !certain(v) {
		return s.ask(rq, sure{
			dataFrame: s.dataFrame(rq, "pool", "web.vol.set_title"), Words: strings.Split(rq.p.T("web.vol.sure_set"), "\n"), Button: "web.vol.set", Back: "/data/pool",
			Facts: []fact{{"web.pool.volume", visible(volume)}, {"web.vol.class", strconv.Itoa(class)}, {"web.vol.state", rq.p.T("web.pool.state." + state)}},
		}, v)
	}
	if err := s.note(rq, "volume_set", volume+" class "+strconv.Itoa(class)+" "+state); err != nil {
		return err
	}
	return s.volumeDone(rq, v, data.SetVolume(rq.r.Context(), volume, class, state == "readonly"), "volume_set")
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
