package web

import (
	"context"
	"fmt"
	"strings"

	"github.com/akashi-audit/akashi/internal/care"
)

// fakeData is a Data that remembers what was done.
type fakeData struct {
	buckets []Bucket
	changes []string
	did     []string
	terms   Retention
	refuse  error
	noScope bool

	restored []RestoredDay
}

const evil = "<img src=x>\u202e\x01"

func (f *fakeData) Overview(context.Context) (*Overview, error) {
	if f.noScope {
		return nil, ErrRestricted
	}
	o := &Overview{Records: 12, Events: 34, StoreBytes: 1 << 30, Free: 5 << 30, PerDay: 1 << 20, Full: testNow().UnixNano(), ArchiveParts: 2, ArchiveDays: 2, ArchiveBytes: 3 << 20, Error: evil}
	sv := ServerDays{Name: "FS01" + evil, Records: 12, Events: 34, Bytes: 1 << 30, Archived: 2, Gaps: 3}
	for i, s := range []string{DayArchived, DayBoth, DayNone, DayDamaged, DayDeleted, DayStore, DayOpen} {
		d := Day{Day: "2026-11-1" + string(rune('2'+i)), State: s, Records: int64(i), Events: int64(i), Bytes: int64(i) << 20, Gaps: int64(i % 2)}
		if s == DayBoth || s == DayArchived {
			d.Parts, d.Archive, d.Copies = 1, 1<<20, 2
		}
		d.Late = s == DayStore
		sv.Days = append(sv.Days, d)
	}
	o.Servers = []ServerDays{sv, {Name: "empty"}}
	return o, nil
}

func (f *fakeData) Gaps(context.Context, string) (*Gaps, error) {
	return &Gaps{
		At: 1, Channels: []ChannelGaps{{Name: evil, Received: 3, Missing: 2, Silences: 1, Unsure: true, Gaps: []GapSpan{{"2026-11-12T00:00:00Z", "x", 2}}, Silent: []GapSpan{{"a", "b", 7200}}}},
		Notices: []GapNotice{{Kind: "log_cleared", Time: "t", User: evil, Detail: evil}}, More: 4, Audit: []Remedy{{Name: "File System", State: "off", Command: "auditpol /set", SACL: true}},
	}, nil
}

func (f *fakeData) Restored(context.Context, string) ([]RestoredDay, error) { return f.restored, nil }

func (f *fakeData) Holds(context.Context) ([]Hold, bool, error) {
	h := Hold{Case: evil, Servers: []string{"FS01" + evil}, Query: evil, From: 1, By: evil, Ground: evil, Time: 1}
	r := h
	r.Released = &Released{By: evil, Ground: evil, Time: 2}
	return []Hold{h, r}, true, nil
}

func (f *fakeData) AddHold(ctx context.Context, h Hold) error {
	f.did = append(f.did, "hold "+h.Case+" "+strings.Join(h.Servers, ",")+" "+h.Query+" "+h.Ground)
	return f.refuse
}

func (f *fakeData) ReleaseHold(_ context.Context, name, ground string) error {
	f.did = append(f.did, "release "+name+" "+ground)
	return f.refuse
}

func (f *fakeData) Retention(context.Context) (*Retention, error) { return &f.terms, nil }

func (f *fakeData) ProposeRetention(_ context.Context, t Term) error {
	f.did = append(f.did, "propose "+t.Server)
	t.Time = 5
	f.terms.Waiting = append(f.terms.Waiting, t)
	return nil
}

func (f *fakeData) ConfirmRetention(_ context.Context, _, ground string) error {
	f.did = append(f.did, "confirm "+ground)
	return f.refuse
}

func (f *fakeData) Pool(context.Context) (*Pool, error) {
	p := &Pool{Move: []MoveRule{{Days: 30, Class: 7}}, Recipients: []string{"age1" + evil}, Identity: evil, KeyError: evil, Copies: 2, Objects: 3, Bytes: 4, Short: 1, Lost: 1, Free: 1 << 30, Days: 12, Warn: true}
	for _, s := range []string{"active", "readonly", "draining", "lost", "away", "foreign"} {
		p.Volumes = append(p.Volumes, Volume{Name: s + evil, Place: evil, State: s, Problem: evil, Total: 100, Free: 30, Quota: 3 << 29, Damaged: 1, Missing: 1, LockOwed: 2, LockTo: 1})
	}
	return p, nil
}

func (f *fakeData) AddVolume(_ context.Context, v care.Folder) (*Volume, error) {
	f.did = append(f.did, "volume "+v.Path+" "+v.Name)
	if f.refuse != nil {
		return nil, f.refuse
	}
	return &Volume{Name: v.Name}, nil
}

func (f *fakeData) LimitVolume(_ context.Context, x care.VolumeLimits) error {
	f.changes = append(f.changes, fmt.Sprint("limits ", x.Volume, " ", x.Quota, " ", x.Reserve))
	return f.refuse
}

func (f *fakeData) SetPool(_ context.Context, x PoolRules) error {
	f.changes = append(f.changes, fmt.Sprint("rules ", x.Copies, " ", x.WarnDays, " ", x.Move))
	return f.refuse
}

func (f *fakeData) EncryptPool(_ context.Context, x care.Encryption) error {
	f.changes = append(f.changes, fmt.Sprint("encrypt ", x.Recipients, " ", x.Identity))
	return f.refuse
}

func (f *fakeData) TakeVolume(_ context.Context, volume string, force bool) error {
	f.changes = append(f.changes, fmt.Sprint("take ", volume, " ", force))
	return f.refuse
}

func (f *fakeData) AddBucket(ctx context.Context, b Bucket) (*Volume, error) {
	f.buckets = append(f.buckets, b)
	return f.AddVolume(ctx, care.Folder{Path: "s3://" + b.Bucket, Name: b.Name})
}

func (f *fakeData) SetVolume(_ context.Context, c care.VolumeChange) error {
	f.changes = append(f.changes, fmt.Sprint(c.Volume, " ", c.Class, " ", c.State == "readonly"))
	return nil
}

func (f *fakeData) LoseVolume(_ context.Context, volume string) error {
	f.changes = append(f.changes, "lost "+volume)
	if volume == "last" {
		return &VolumeError{Key: "web.pool.error.last"}
	}
	return nil
}
