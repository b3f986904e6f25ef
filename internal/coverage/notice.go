package coverage

import "github.com/akashi-audit/akashi/internal/event"

// notice keeps e when it bears on completeness (windows-events.md 3.5). The key
// is provider and id, never the id alone.
func (t *Tracker) notice(e *event.Event) {
	kind, detail, guid := "", "", ""
	switch e.Provider {
	case "Microsoft-Windows-Eventlog":
		switch e.ID {
		case 1102:
			kind = KindCleared
		case 104:
			kind, detail = KindCleared, e.Get(event.ClearedChannel).Text()
		case 1104:
			kind = KindFull
		case 1105:
			kind, detail = KindArchived, e.Get(event.BackupPath).Text()
		case 1101:
			kind, detail = KindDropped, e.Get(event.LossReason).Text()
		case 1108:
			kind, detail = KindDropped, e.Get(event.PublisherName).Text()
		}
	case provider:
		switch e.ID {
		case 4608:
			kind = KindBoot
		case 4616:
			kind, detail = clock(e)
		case 4719:
			if i, off, success := switchedOff(e); off {
				guid = e.Get(event.SubcategoryGuid).Text()
				kind, detail = KindPolicyOff, guid
				if i >= 0 {
					detail = subcategories[i].name
					if success {
						t.subs[i].off = max(t.subs[i].off, e.Time)
					}
				}
			}
		}
	case "EventLog":
		switch e.ID {
		case 6005:
			kind = KindBoot
		case 6008:
			kind = KindDirty
		}
	case "Microsoft-Windows-Kernel-General":
		if e.ID == 12 {
			kind = KindBoot
		}
	case "Microsoft-Windows-Kernel-Power":
		if e.ID == 41 {
			kind = KindDirty
		}
	}
	if kind == KindBoot {
		if t.boot > 0 && max(e.Time, t.boot)-min(e.Time, t.boot) < bootJoin {
			return
		}
		t.boot = e.Time
	}
	if kind == "" {
		return
	}
	t.lost = t.lost || kind == KindDropped || kind == KindFull
	if t.count++; len(t.notices) >= maxList {
		return
	}
	user := e.Get(event.SubjectUserName).Text()
	if d := e.Get(event.SubjectDomainName).Text(); d != "" && user != "" {
		user = d + `\` + user
	}
	t.notices = append(t.notices, Notice{kind, e.Time.String(), e.Channel, e.RecordID, e.ID, user, detail, guid})
}

// clock tells a change of the clock by clockStep or more; times that cannot be
// read are told as they stand.
func clock(e *event.Event) (kind, detail string) {
	from, to := e.Get(event.PreviousTime).Text(), e.Get(event.NewTime).Text()
	a, err1 := event.ParseFiletime(from)
	b, err2 := event.ParseFiletime(to)
	if err1 == nil && err2 == nil {
		if d := b.Time().Sub(a.Time()).Abs(); d < clockStep {
			return "", ""
		}
	}
	return KindClock, from + " → " + to
}
