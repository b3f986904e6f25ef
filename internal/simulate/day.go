package simulate

import (
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/event"
)

const dayActs = 30 // acts of one person on the busy day

// Day is one busy mixed day (2026-06-10 in Japan) on one server: people people
// (at least 4) at work, the noise of antivirus, backup and computer accounts,
// one who reads the folder of individual numbers and one PC that encrypts
// files. Events are in order of their record ids in each channel.
func Day(seed uint64, people int) (events []*event.Event, truth []Action) {
	return DayVariant(seed, people, Variant{})
}

// Variant is how a server may log otherwise (windows-events.md sections 1, 10
// and 15).
type Variant struct {
	DeviceNames   bool // objects used over SMB are \Device\HarddiskVolumeN\…
	NoCloses      bool // Handle Manipulation is off: no 4658
	NoShareChecks bool // Detailed File Share is off: no 5145 but for refusals
	NoOpens       bool // 4656 and 4658 are off: uses (4663) only, and refusals
	Programs      bool // others than Office: LibreOffice, CAD, editors, browsers, archives
	Rush          bool // all acts within half an hour
}

const deviceName = `\Device\HarddiskVolume5`

// DayVariant is Day on a server that logs in another way. What people did is
// the same; NewPathObservable of the truth says what is still proven. Without
// share checks nothing tells the drive of a device, so that the device's name
// is the true one.
func DayVariant(seed uint64, people int, v Variant) (events []*event.Event, truth []Action) {
	w, l := collectServer(seed, max(4, people), 150)
	w.variant = v
	zone := time.FixedZone("JST", 9*3600)
	d := time.Date(2026, 6, 10, 0, 0, 0, 0, zone)
	o := newOffice(w, zone, dayActs)
	o.day(d)
	w.due.add(d.Add(19*time.Hour).UnixNano(), func(t int64) {
		for _, r := range w.roots {
			if mn := r.child(mnFolder); mn != nil {
				w.massRead(w.comp.people[1], mn.kids, t)
			}
		}
	})
	w.due.add(d.Add(15*time.Hour).UnixNano(), func(t int64) {
		for _, r := range w.roots {
			if r.name == departments[3] {
				w.ransom(w.comp.people[3], r, 40, t)
			}
		}
	})
	// The sink keeps everything and does not fail.
	_ = w.finish()
	truth = w.truth()
	if v.DeviceNames && v.NoShareChecks {
		for i := range truth {
			if a := &truth[i]; a.ClientIP != "" && a.Kind != "denied_share" {
				nameDevice(a)
			}
		}
	}
	return *l, truth
}

// nameDevice puts the device in place of the drive.
func nameDevice(a *Action) {
	f := func(path string) string {
		if rest, ok := strings.CutPrefix(path, volume[:2]); ok {
			return deviceName + rest
		}
		return path
	}
	a.Path, a.NewPath = f(a.Path), f(a.NewPath)
	for i, p := range a.SidePaths {
		a.SidePaths[i] = f(p)
	}
}
