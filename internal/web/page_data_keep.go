package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/care"
)

// PoolCare is what is settled of the volumes as a whole, and of how much one takes.
type PoolCare interface {
	// LimitVolume bounds what a volume takes: quota (bytes, 0 = as much as it holds)
	// and reserve (bytes that stay free).
	LimitVolume(ctx context.Context, volume string, quota, reserve int64) error
	SetPool(ctx context.Context, x PoolRules) error
	// EncryptPool encrypts new objects for these recipients; none = no encryption.
	// identity is where the keys are that decrypt.
	EncryptPool(ctx context.Context, recipients []string, identity string) error
	// TakeVolume takes a volume over from another data folder; force takes it from one
	// that may still be using it.
	TakeVolume(ctx context.Context, volume string, force bool) error
}

// The bounds of the rules of volumes.
const (
	maxCopies   = 9
	maxWarnDays = 3650
	maxMoveDays = 36_500
	moveRules   = 3 // rows of the form
	gib         = 1 << 30
	maxGiB      = 1 << 30 // 1 EiB
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
	volume := v.Get("volume")
	quota, ok := gigabytes(v.Get("quota"))
	reserve, ok2 := gigabytes(v.Get("reserve"))
	if volume == "" {
		return errPage{http.StatusBadRequest, "web.data.bad_form"}
	}
	if !ok || !ok2 {
		return s.pool(rq, v, &VolumeError{Key: "web.keep.bad_size"})
	}
	if !certain(v) {
		return s.ask(rq, sure{
			dataFrame: s.dataFrame(rq, "pool", "web.keep.limits_title"), Words: strings.Split(rq.p.T("web.keep.sure_limits"), "\n"), Button: "web.vol.set", Back: "/data/pool",
			Facts: []fact{{"web.pool.volume", visible(volume)}, {"web.keep.quota", s.limitText(rq, quota, "web.pool.unbounded")}, {"web.keep.reserve", s.limitText(rq, reserve, "web.keep.no_reserve")}},
		}, v)
	}
	if err := s.note(rq, "volume_limits", fmt.Sprintf("%s quota %d reserve %d", volume, quota, reserve)); err != nil {
		return err
	}
	return s.volumeDone(rq, v, data.LimitVolume(rq.r.Context(), volume, quota, reserve), "volume_set")
}

func (s *site) limitText(rq *request, n int64, none string) string {
	if n == 0 {
		return rq.p.T(none)
	}
	return rq.p.Bytes(n)
}

// rulesOf reads the form of the rules.
func rulesOf(v url.Values) (x PoolRules, ok bool) {
	var err error
	if x.Copies, err = strconv.Atoi(clean(v.Get("copies"))); err != nil || x.Copies < 1 || x.Copies > maxCopies {
		return x, false
	}
	if x.WarnDays, err = strconv.Atoi(clean(v.Get("warn"))); err != nil || x.WarnDays < 0 || x.WarnDays > maxWarnDays {
		return x, false
	}
	days, classes := v["days"], v["class"]
	if len(days) > moveRules || len(days) != len(classes) {
		return x, false
	}
	for i := range days {
		if clean(days[i]) == "" {
			continue
		}
		r := MoveRule{}
		r.Days, err = strconv.Atoi(clean(days[i]))
		if r.Class, _ = strconv.Atoi(classes[i]); err != nil || r.Days < 1 || r.Days > maxMoveDays || r.Class < care.FastestClass || r.Class > care.SlowestClass {
			return x, false
		}
		x.Move = append(x.Move, r)
	}
	return x, true
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
	if err := s.note(rq, "pool_rules", fmt.Sprintf("%d copies, warn %d days, move %v", x.Copies, x.WarnDays, x.Move)); err != nil {
		return err
	}
	return s.volumeDone(rq, v, data.SetPool(rq.r.Context(), x), "pool_rules")
}

// ageKey is a public key of age, or the word for the passphrase of the keys.
var ageKey = regexp.MustCompile(`^(age1[0-9a-z]{20}[0-9a-z]*|passphrase)$`)

// encryptionOf reads the form of encryption; wrong is the key of what is not right.
func encryptionOf(v url.Values) (recipients []string, identity, wrong string) {
	identity = clean(v.Get("identity"))
	for _, line := range strings.Fields(v.Get("recipients")) {
		if !ageKey.MatchString(line) || len(recipients) == 20 {
			return nil, identity, "web.keep.bad_recipient"
		}
		recipients = append(recipients, line)
	}
	env := strings.HasPrefix(identity, "env:") && care.KeysNamed(identity)
	if identity != "" && !env && (!filepath.IsAbs(identity) || len(identity) > 4096 || strings.ContainsRune(identity, 0)) {
		return nil, identity, "web.keep.bad_identity"
	}
	if len(recipients) > 0 && identity == "" {
		return nil, identity, "web.keep.needs_identity"
	}
	return recipients, identity, ""
}

// poolEncryption asks, and then turns encryption of new objects on or off.
func (s *site) poolEncryption(rq *request) error {
	data, v, err := s.volumeForm(rq)
	if err != nil {
		return err
	}
	recipients, identity, wrong := encryptionOf(v)
	if wrong != "" {
		if strings.Contains(strings.ToUpper(v.Get("recipients")), "SECRET") {
			v.Del("recipients") // a secret key goes back to nobody
		}
		return s.pool(rq, v, &VolumeError{Key: wrong})
	}
	if !certain(v) {
		words, to := "web.keep.sure_encrypt", strings.Join(recipients, " ")
		if len(recipients) == 0 {
			words, to = "web.keep.sure_plain", rq.p.T("web.keep.plain")
		}
		return s.ask(rq, sure{
			dataFrame: s.dataFrame(rq, "pool", "web.keep.encryption"), Words: strings.Split(rq.p.T(words), "\n"), Button: "web.vol.set", Back: "/data/pool", Grave: true,
			Facts: []fact{{"web.keep.recipients", to}, {"web.keep.identity", visible(identity)}},
		}, v)
	}
	if err := s.note(rq, "pool_encryption", strings.Join(recipients, " ")); err != nil {
		return err
	}
	return s.volumeDone(rq, v, data.EncryptPool(rq.r.Context(), recipients, identity), "pool_encryption")
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
	if err := s.note(rq, "volume_take", fmt.Sprintf("%s, in use: %t", volume, force)); err != nil {
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
