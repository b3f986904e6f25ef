package api

import (
	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/care"
)

// poolRoutes are those of the volumes of the archive.
func (s *server) poolRoutes() []route {
	const manage = account.See | account.Manage
	noCare := s.cfg.Care == nil || s.cfg.Jobs == nil
	return []route{
		{method: "GET", path: "/pool", need: manage, serve: s.pool, absent: noCare},
		{method: "POST", path: "/pool/volumes", need: manage, serve: s.addVolume, absent: noCare},
		{method: "PATCH", path: "/pool/volumes/{volume}", need: manage, serve: s.setVolume, absent: noCare},
		{method: "POST", path: "/pool/volumes/{volume}/lost", need: manage, serve: s.loseVolume, absent: noCare},
		{method: "GET", path: "/pool/volumes/{volume}/limits", need: manage, serve: s.limitsOf, absent: noCare},
		{method: "PUT", path: "/pool/volumes/{volume}/limits", need: manage, serve: s.limit, absent: noCare},
		{method: "POST", path: "/pool/volumes/{volume}/takeover", need: manage, serve: s.takeVolume, absent: noCare},
		{method: "GET", path: "/pool/rules", need: manage, serve: s.rules, absent: noCare},
		{method: "PUT", path: "/pool/rules", need: manage, serve: s.setRules, absent: noCare},
		{method: "GET", path: "/pool/encryption", need: manage, serve: s.encryption, absent: noCare},
		{method: "PUT", path: "/pool/encryption", need: manage, serve: s.encrypt, absent: noCare},
	}
}

// limitsBody is care.VolumeLimits as clients get and give it.
type limitsBody struct {
	Quota   int64 `json:"quota"`   // bytes, 0 = as much as it holds
	Reserve int64 `json:"reserve"` // bytes that stay free
}

// moveBody is care.MoveRule as clients get and give it.
type moveBody struct {
	Days  int `json:"days"`
	Class int `json:"class"`
}

func movesOf(l []care.MoveRule) []moveBody {
	out := []moveBody{}
	for _, r := range l {
		out = append(out, moveBody{r.Days, r.Class})
	}
	return out
}

// rulesBody is care.PoolRules as clients get and give it.
type rulesBody struct {
	Copies   int        `json:"copies"`
	WarnDays int        `json:"warn_days"`
	Move     []moveBody `json:"move"`
}

// encryptionBody is care.Encryption as clients give it.
type encryptionBody struct {
	Recipients []string `json:"recipients"`
	Identity   string   `json:"identity"`
}

// volumeNamed is the volume of the address.
func (s *server) volumeNamed(rq *request) (*care.Volume, error) {
	p, err := s.cfg.Care.Pool(rq.r.Context())
	if err != nil {
		return nil, err
	}
	name := rq.r.PathValue("volume")
	for i := range p.Volumes {
		if v := &p.Volumes[i]; v.ID == name || v.Name == name {
			return v, nil
		}
	}
	return nil, care.ErrNotFound
}

// limitsOf answers with what a volume takes at most.
func (s *server) limitsOf(rq *request) error {
	if err := known(rq.r.URL.Query()); err != nil {
		return err
	}
	return s.limitsNow(rq)
}

func (s *server) limitsNow(rq *request) error {
	v, err := s.volumeNamed(rq)
	if err != nil {
		return err
	}
	tag(rq, care.Mark(v.Limits()))
	return s.json(rq, limitsBody{v.Quota, v.Reserve})
}

// limit changes it.
func (s *server) limit(rq *request) error {
	var in limitsBody
	if err := s.read(rq, &in, "quota", "reserve"); err != nil {
		return err
	}
	x := care.VolumeLimits{Volume: rq.r.PathValue("volume"), Quota: in.Quota, Reserve: in.Reserve}
	if err := x.Check(); err != nil {
		return err
	}
	v, err := s.volumeNamed(rq)
	if err != nil {
		return err
	}
	return s.settle(rq, v.Limits(), &x.Seen, "volume_limits", x.String(), func() error { return s.cfg.Care.LimitVolume(rq.r.Context(), x) }, s.limitsNow)
}

// settle changes what is settled of the volumes, by whoever saw what is there: now.
func (s *server) settle(rq *request, now any, at *string, action, object string, do func() error, answer func(*request) error) error {
	given, err := seen(rq)
	switch {
	case err != nil:
		return err
	case !care.SeesAll(rq.who):
		return care.ErrRestricted
	case given != "" && given != care.Mark(now):
		return care.ErrChanged
	}
	*at = given
	if err := s.note(rq, action, object, ""); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	return answer(rq)
}

// takeVolume takes a volume over from another data folder.
func (s *server) takeVolume(rq *request) error {
	var in struct {
		Force bool `json:"force"`
	}
	if err := s.read(rq, &in, "force"); err != nil {
		return err
	}
	if !care.SeesAll(rq.who) {
		return care.ErrRestricted
	}
	name := tidied(rq.r.PathValue("volume"))
	if err := s.note(rq, "volume_take", care.TakeText(name, in.Force), ""); err != nil {
		return err
	}
	if err := s.cfg.Care.TakeVolume(rq.r.Context(), name, in.Force); err != nil {
		return err
	}
	return s.volumeNow(rq, name)
}

// rules answers with how the volumes are used together.
func (s *server) rules(rq *request) error {
	if err := known(rq.r.URL.Query()); err != nil {
		return err
	}
	return s.rulesNow(rq)
}

func (s *server) rulesNow(rq *request) error {
	p, err := s.cfg.Care.Pool(rq.r.Context())
	if err != nil {
		return err
	}
	tag(rq, care.Mark(p.Rules()))
	return s.json(rq, rulesBody{p.Copies, p.WarnDays, movesOf(p.Move)})
}

// setRules changes it.
func (s *server) setRules(rq *request) error {
	var in rulesBody
	if err := s.read(rq, &in, "copies", "warn_days", "move"); err != nil {
		return err
	}
	x := care.PoolRules{Copies: in.Copies, WarnDays: in.WarnDays}
	for _, r := range in.Move {
		x.Move = append(x.Move, care.MoveRule{Days: r.Days, Class: r.Class})
	}
	if err := x.Check(); err != nil {
		return err
	}
	p, err := s.cfg.Care.Pool(rq.r.Context())
	if err != nil {
		return err
	}
	return s.settle(rq, p.Rules(), &x.Seen, "pool_rules", x.String(), func() error { return s.cfg.Care.SetPool(rq.r.Context(), x) }, s.rulesNow)
}

// encryption answers with what new objects are encrypted for.
func (s *server) encryption(rq *request) error {
	if err := known(rq.r.URL.Query()); err != nil {
		return err
	}
	return s.encryptionNow(rq)
}

func (s *server) encryptionNow(rq *request) error {
	p, err := s.cfg.Care.Pool(rq.r.Context())
	if err != nil {
		return err
	}
	tag(rq, care.Mark(p.Encryption()))
	return s.json(rq, struct {
		Recipients []string `json:"recipients"`
		Identity   string   `json:"identity"`
		Problem    Text     `json:"problem"` // why the keys cannot be used, "" = they can
	}{append([]string{}, p.Recipients...), p.Identity, Text(p.KeyError)})
}

// encrypt changes it. Keys are named, not sent.
func (s *server) encrypt(rq *request) error {
	var in encryptionBody
	if err := s.read(rq, &in, "recipients", "identity"); err != nil {
		return err
	}
	x := care.Encryption{Recipients: tidiedList(in.Recipients), Identity: tidied(in.Identity)}
	if err := x.Check(); err != nil {
		return err
	}
	p, err := s.cfg.Care.Pool(rq.r.Context())
	if err != nil {
		return err
	}
	return s.settle(rq, p.Encryption(), &x.Seen, "pool_encryption", x.Text(), func() error { return s.cfg.Care.EncryptPool(rq.r.Context(), x) }, s.encryptionNow)
}
