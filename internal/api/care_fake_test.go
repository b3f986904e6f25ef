package api

import (
	"context"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/calendar"
	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/job"
	"github.com/akashi-audit/akashi/internal/query"
)

// careMemory is a folder that is looked after.
type careMemory struct {
	did     []string
	refuse  error
	waiting []care.Term
	bg      care.Background
	cal     calendar.Settings
	folders []string
	lang    string
	by      care.Author
	bad     []care.SettingProblem
	rules   care.PoolRules
	limits  care.VolumeLimits
	encrypt care.Encryption
	seen    string
}

func (k *careMemory) do(what string) error {
	k.did = append(k.did, what)
	return k.refuse
}

func (k *careMemory) AddHold(_ context.Context, h care.Hold) error {
	return k.do("hold " + h.Case + " " + strings.Join(h.Servers, ",") + " " + h.Query + " " + h.Ground)
}

func (k *careMemory) ReleaseHold(_ context.Context, name, ground string) error {
	return k.do("release " + name + " " + ground)
}

func (k *careMemory) Retention(ctx context.Context) (*care.Retention, error) {
	if !care.SeesAll(account.From(ctx)) {
		return nil, care.ErrRestricted
	}
	return &care.Retention{
		InForce: []care.Term{{Months: 84, By: "bob", Ground: "983205673214", Time: 1e18}}, Waiting: k.waiting,
		Due:     []care.DueMonth{{Server: "FS", Month: "2016-01", Records: 1, Held: []string{"A"}}},
		Kept:    []care.KeptMonth{{Server: "FS", Month: "2016-01", Things: 1, Stays: "held", Cases: []string{"A"}}},
		Classes: []care.ClassMonth{{Class: "background", Server: "FS", Month: "2026-01", Records: 2, Stays: "held", Cases: []string{"A"}}},
		Taken:   []query.Taken{{Class: "background", Server: "FS", First: "2026-01-01", Last: "2026-01-31", Records: 3, Months: 3, ProposedBy: "a", By: "b", Ground: "983205673214", Time: 1e18}},
	}, nil
}

func (k *careMemory) ProposeRetention(_ context.Context, t care.Term) error {
	return k.do("propose " + t.String())
}

func (k *careMemory) ConfirmRetention(_ context.Context, _, ground string) error {
	return k.do("confirm " + ground)
}

func (k *careMemory) Pool(ctx context.Context) (*care.Pool, error) {
	if !care.SeesAll(account.From(ctx)) {
		return nil, care.ErrRestricted
	}
	return &care.Pool{
		Copies: max(1, k.rules.Copies), WarnDays: k.rules.WarnDays, Move: k.rules.Move, Recipients: k.encrypt.Recipients, Identity: k.encrypt.Identity, Free: -1, Days: -1,
		Volumes: []care.Volume{{ID: "v1", Name: "nas", Place: "/mnt", State: "active", Class: 1, Quota: k.limits.Quota, Reserve: k.limits.Reserve}},
	}, nil
}

func (k *careMemory) LimitVolume(_ context.Context, x care.VolumeLimits) error {
	k.limits, k.seen = x, x.Seen
	return k.do("limit " + x.String())
}

func (k *careMemory) SetPool(_ context.Context, x care.PoolRules) error {
	k.rules, k.seen = x, x.Seen
	return k.do("rules " + x.String())
}

func (k *careMemory) EncryptPool(_ context.Context, x care.Encryption) error {
	k.encrypt, k.seen = x, x.Seen
	return k.do("encrypt " + x.Text())
}

func (k *careMemory) TakeVolume(_ context.Context, volume string, force bool) error {
	return k.do("take " + care.TakeText(volume, force))
}

func (k *careMemory) AddVolume(_ context.Context, f care.Folder) (*care.Volume, error) {
	return &care.Volume{ID: "v1", Name: "nas", Probes: []care.Told{{Level: "warn", Key: "cli.pool.probe.write.fail", Args: []any{"detail", "x"}}}}, k.do("volume " + f.Path)
}

func (k *careMemory) AddBucket(_ context.Context, b care.Bucket) (*care.Volume, error) {
	return &care.Volume{ID: "v2", Name: "s3"}, k.do("bucket " + b.Place())
}

func (k *careMemory) SetVolume(_ context.Context, c care.VolumeChange) error {
	return k.do("set " + c.String())
}

func (k *careMemory) LoseVolume(_ context.Context, volume string) error {
	return k.do("lose " + volume)
}

func (k *careMemory) Save(_ context.Context, x Saved) (*Saved, error) {
	x.ID, x.Owner, x.Made = 1, "ann", time.Unix(1, 0).UTC()
	return &x, k.do("save " + string(x.Name) + " " + x.Page + " " + string(x.Query))
}

func (k *careMemory) Share(_ context.Context, _ int64, owner string, shared bool) error {
	return k.do("share " + owner)
}

func (k *careMemory) Remove(_ context.Context, _ int64, owner string) error {
	return k.do("remove " + owner)
}

func (k *careMemory) Values() []care.Setting {
	return []care.Setting{{Key: "language", Value: "'ja'", Default: "'ja'"}, {Key: "mail.password", Value: "'geheim'", Default: "''"}, {Key: "my_number.folders", Value: "['D:\\x']", Default: "[]"}}
}

func (k *careMemory) set(by care.Author, fn func()) ([]care.SettingProblem, error) {
	if k.by = by; k.refuse == nil && len(k.bad) == 0 {
		fn()
	}
	return k.bad, k.refuse
}

func (k *careMemory) Background() care.Background { return k.bg }

func (k *careMemory) SetBackground(_ context.Context, by care.Author, b care.Background) ([]care.SettingProblem, error) {
	return k.set(by, func() { k.bg = b })
}

func (k *careMemory) History(context.Context) ([]care.SettingChange, error) {
	return []care.SettingChange{{By: "ann", Time: 1e18, Added: care.Background{Accounts: []string{"a"}}}}, nil
}
func (k *careMemory) Business() calendar.Settings { return k.cal }

func (k *careMemory) SetBusiness(_ context.Context, by care.Author, c calendar.Settings) ([]care.SettingProblem, error) {
	return k.set(by, func() { k.cal = c })
}
func (k *careMemory) Folders() []string { return k.folders }

func (k *careMemory) SetFolders(_ context.Context, by care.Author, l []string) ([]care.SettingProblem, error) {
	return k.set(by, func() { k.folders = l })
}

func (k *careMemory) FoldersHistory(context.Context) ([]care.FolderChange, error) {
	return []care.FolderChange{{By: "ann", Time: 1e18, Added: []string{"a"}}}, nil
}
func (k *careMemory) Language() string { return k.lang }

func (k *careMemory) SetLanguage(_ context.Context, by care.Author, lang string) error {
	_, err := k.set(by, func() { k.lang = lang })
	return err
}

func (k *careMemory) SealNow(context.Context) error { return k.do("seal") }

func (k *careMemory) seal(context.Context) (*Seal, error) {
	return &Seal{Leaves: 1, Last: 1e18, Points: []Checkpoint{{1e18, 1, "note"}}, Keys: []SealKey{{"1", "x"}}, Hashes: []SealHash{{Hash: "sha256", Done: true}, {"sha512", 1e18, true, 1}, {Hash: "sha384"}}}, nil
}

// Submit takes a job of care.
func (k *keptMemory) Submit(ctx context.Context, _ *account.Visitor, q job.Request) (*job.Job, error) {
	if k.during != nil {
		k.during(ctx)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.submitted = append(k.submitted, q)
	j := k.one()
	j.Kind, j.State, j.Files, j.All = q.Kind, job.Waiting, nil, 0
	return j, nil
}
