package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/care"
)

// PoolCare is what is settled of the volumes as a whole, and of how much one takes.
type PoolCare interface {
	// LimitVolume bounds what a volume takes.
	LimitVolume(ctx context.Context, x care.VolumeLimits) error
	SetPool(ctx context.Context, x PoolRules) error
	// EncryptPool encrypts new objects for these recipients; none = no encryption.
	EncryptPool(ctx context.Context, x care.Encryption) error
	// TakeVolume takes a volume over from another data folder; force takes it from one
	// that may still be using it.
	TakeVolume(ctx context.Context, volume string, force bool) error
}

// What the forms of volumes hold.
const (
	moveRules = care.MoveRules // rows of the form
	gib       = 1 << 30
	maxGiB    = care.MaxLimit / gib
)

// keepRoutes are the forms of what is settled of the volumes.
func (s *site) keepRoutes() []route {
	const manage = account.See | account.Manage
	return []route{
		{pattern: "POST /data/pool/limits", need: manage, serve: s.volumeLimits},
		{pattern: "POST /data/pool/rules", need: manage, serve: s.poolRules},
		{pattern: "POST /data/pool/encryption", need: manage, serve: s.poolEncryption},
		{pattern: "POST /data/pool/takeover", need: manage, serve: s.volumeTake},
	}
}

// gigabytes reads a number of GiB, as "1.5"; empty is 0.
func gigabytes(text string) (int64, bool) {
	if text = clean(text); text == "" {
		return 0, true
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(f >= 0 && f <= maxGiB) {
		return 0, false
	}
	return int64(f * gib), true
}

// asGigabytes is what gigabytes reads.
func asGigabytes(n int64) string {
	if n <= 0 {
		return ""
	}
	return strconv.FormatFloat(float64(n)/gib, 'f', -1, 64)
}

// volumeLimits asks, and then bounds what a volume takes.
func (s *site) volumeLimits(rq *request) error {
	data, v, err := s.volumeForm(rq)
	if err != nil {
		return err
	}
	quota, ok := gigabytes(v.Get("quota"))
	reserve, ok2 := gigabytes(v.Get("reserve"))
	x := care.VolumeLimits{Volume: v.Get("volume"), Quota: quota, Reserve: reserve}
	if !ok || !ok2 {
		return s.pool(rq, v, &VolumeError{Key: "web.keep.bad_size"})
	}
	if x.Check() != nil {
		return errPage{http.StatusBadRequest, "web.data.bad_form"}
	}
	if !certain(v) {
		return s.ask(rq, sure{
			dataFrame: s.dataFrame(rq, "pool", "web.keep.limits_title"), Words: strings.Split(rq.p.T("web.keep.sure_limits"), "\n"), Button: "web.vol.set", Back: "/data/pool",
			Facts: []fact{{"web.pool.volume", visible(x.Volume)}, {"web.keep.quota", s.limitText(rq, quota, "web.pool.unbounded")}, {"web.keep.reserve", s.limitText(rq, reserve, "web.keep.no_reserve")}},
		}, v)
	}
	if err := s.note(rq, "volume_limits", x.String()); err != nil {
		return err
	}
	return s.volumeDone(rq, v, data.LimitVolume(rq.r.Context(), x), "volume_set")
}

func (s *site) limitText(rq *request, n int64, none string) string {
	if n == 0 {
		return rq.p.T(none)
	}
	return rq.p.Bytes(n)
}

// rulesOf reads the form of the rules.
func rulesOf(v url.Values) (x PoolRules, ok bool) {
	number := func(text string) int {
		n, err := strconv.Atoi(clean(text))
		if err != nil {
			n, ok = 0, false
		}
		return n
	}
	ok = true
	x.Copies, x.WarnDays = number(v.Get("copies")), number(v.Get("warn"))
	days, classes := v["days"], v["class"]
	if len(days) != len(classes) {
		return x, false
	}
	for i := range days {
		if clean(days[i]) != "" {
			x.Move = append(x.Move, MoveRule{Days: number(days[i]), Class: number(classes[i])})
		}
	}
	return x, ok && x.Check() == nil
}

func moveText(rq *request, l []MoveRule) string {
	if len(l) == 0 {
		return rq.p.T("web.keep.no_moves")
	}
	var out []string
	for _, r := range l {
		out = append(out, rq.p.T("web.keep.move", "days", r.Days, "class", r.Class))
	}
	return strings.Join(out, " / ")
}

// poolRules asks, and then settles how the volumes are used together.
func (s *site) poolRules(rq *request) error {
	data, v, err := s.volumeForm(rq)
	if err != nil {
		return err
	}
	x, ok := rulesOf(v)
	if !ok {
		return s.pool(rq, v, &VolumeError{Key: "web.keep.bad_rules"})
	}
	if !certain(v) {
		return s.ask(rq, sure{
			dataFrame: s.dataFrame(rq, "pool", "web.keep.rules_title"), Words: strings.Split(rq.p.T("web.keep.sure_rules"), "\n"), Button: "web.vol.set", Back: "/data/pool",
			Facts: []fact{{"web.pool.copies", strconv.Itoa(x.Copies)}, {"web.keep.warn", strconv.Itoa(x.WarnDays)}, {"web.keep.moves", moveText(rq, x.Move)}},
		}, v)
	}
	if err := s.note(rq, "pool_rules", x.String()); err != nil {
		return err
	}
	return s.volumeDone(rq, v, data.SetPool(rq.r.Context(), x), "pool_rules")
}

// encryptionOf reads the form of encryption; wrong is the key of what is not right.
func encryptionOf(v url.Values) (x care.Encryption, wrong string) {
	x = care.Encryption{Recipients: strings.Fields(v.Get("recipients")), Identity: clean(v.Get("identity"))}
	return x, faultKey(x.Check())
}

// poolEncryption asks, and then turns encryption of new objects on or off.
func (s *site) poolEncryption(rq *request) error {
	data, v, err := s.volumeForm(rq)
	if err != nil {
		return err
	}
	x, wrong := encryptionOf(v)
	if wrong != "" {
		if strings.Contains(strings.ToUpper(v.Get("recipients")), "SECRET") {
			v.Del("recipients") // a secret key goes back to nobody
		}
		return s.pool(rq, v, &VolumeError{Key: wrong})
	}
	if !certain(v) {
		words, to := "web.keep.sure_encrypt", strings.Join(x.Recipients, " ")
		if len(x.Recipients) == 0 {
			words, to = "web.keep.sure_plain", rq.p.T("web.keep.plain")
		}
		return s.ask(rq, sure{
			dataFrame: s.dataFrame(rq, "pool", "web.keep.encryption"), Words: strings.Split(rq.p.T(words), "\n"), Button: "web.vol.set", Back: "/data/pool", Grave: true,
			Facts: []fact{{"web.keep.recipients", to}, {"web.keep.identity", visible(x.Identity)}},
		}, v)
	}
	if err := s.note(rq, "pool_encryption", x.Text()); err != nil {
		return err
	}
	return s.volumeDone(rq, v, data.EncryptPool(rq.r.Context(), x), "pool_encryption")
}

// volumeTake asks, and then takes a volume over from another data folder.
func (s *site) volumeTake(rq *request) error {
	data, v, err := s.volumeForm(rq)
	if err != nil {
		return err
	}
	volume, force := v.Get("volume"), v.Get("force") == "1"
	if volume == "" {
		return errPage{http.StatusBadRequest, "web.data.bad_form"}
	}
	if !certain(v) {
		words := strings.Split(rq.p.T("web.keep.sure_take"), "\n")
		if force {
			words = append(words, rq.p.T("web.keep.sure_force"))
		}
		return s.ask(rq, sure{
			dataFrame: s.dataFrame(rq, "pool", "web.keep.take_title"), Words: words, Button: "web.keep.take", Back: "/data/pool", Grave: true,
			Facts: []fact{{"web.pool.volume", visible(volume)}},
		}, v)
	}
	if err := s.note(rq, "volume_take", care.TakeText(volume, force)); err != nil {
		return err
	}
	return s.volumeDone(rq, v, data.TakeVolume(rq.r.Context(), volume, force), "volume_take")
}

// keptView is a line of what is past its term.
type keptView struct {
	KeptMonth
	Until string
}

func keptViews(rq *request, l []KeptMonth) (out []keptView) {
	for _, k := range l {
		out = append(out, keptView{k, clock(k.Until, rq.zone)})
	}
	return out
}

// classText names a class of what is kept.
func classText(rq *request, class string) string {
	switch class {
	case "archive", "originals", "marked":
		return rq.p.T("web.keep.class." + class)
	}
	if ofRecords(class) {
		return rq.p.T("web.keep.class." + class)
	}
	return rq.p.T("web.keep.class.store")
}

// moveRows are the rows of the form of move rules, with empty ones.
func moveRows(l []MoveRule) []MoveRule {
	out := append([]MoveRule{}, l...)
	for len(out) < moveRules {
		out = append(out, MoveRule{Class: care.SlowestClass})
	}
	return out
}
