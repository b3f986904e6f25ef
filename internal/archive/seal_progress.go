package archive

// SealStep is what is done of a day.
type SealStep string

// The steps of a day, in their order.
const (
	SealReads    SealStep = "read"    // its records come out of the store
	SealWrites   SealStep = "write"   // they are written
	SealCompares SealStep = "compare" // they are read back and compared
	SealPacks    SealStep = "pack"    // its raw events are packed, unpacked and compared
)

// SealProgress is how far sealing is.
type SealProgress struct {
	Server, Day string   // that is being sealed
	Step        SealStep // of that day
	Done, Of    int64    // records or raw events of the step; Of is about, and at least Done
	// Rows are records and raw events of all days, of about AllRows. A record counts a
	// third with each of its three steps.
	Rows, AllRows int64
}

// Percent is how much of all is done, from 0 to 99: all is done when Seal returns.
func (p SealProgress) Percent() int64 {
	if p.AllRows <= 0 {
		return 0
	}
	return min(99, p.Rows*100/p.AllRows)
}

// stepRows is how many records are between two tellings.
const stepRows = 1024

// sealMeter counts while days are sealed. nil counts nothing.
type sealMeter struct {
	tell  func(SealProgress)
	days  map[key][2]int64 // about how many records and raw events the days have that are due
	all   int64
	ended int64 // rows of days that are over

	p       SealProgress
	records int64 // of the day, about
	events  int64
	thirds  int64 // records of all steps
	packed  int64
}

// newSealMeter looks at which of the days are due; nil when nobody is told.
func (a *Archive) newSealMeter(src Source, days []dueDay, opt SealOptions) *sealMeter {
	if opt.Step == nil {
		return nil
	}
	m := &sealMeter{tell: opt.Step, days: make(map[key][2]int64)}
	for _, d := range days {
		if !a.due(src, d, opt) {
			continue
		}
		from, to := a.Bounds(d.day)
		records, events := src.SealSize(d.server, from, to)
		m.days[key{d.server, DayName(d.day)}] = [2]int64{records, events}
		m.all += records + events
	}
	return m
}

// begin is told of a day before it is sealed.
func (m *sealMeter) begin(k key) {
	if m == nil {
		return
	}
	m.p.Server, m.p.Day = k.server, k.day
	m.records, m.events, m.thirds, m.packed = m.days[k][0], m.days[k][1], 0, 0
	m.step(SealReads, m.records)
}

// step begins a step of so many rows.
func (m *sealMeter) step(s SealStep, of int64) {
	if m == nil {
		return
	}
	m.p.Step, m.p.Done, m.p.Of = s, 0, of
	m.say()
}

// record is told of each record of the first three steps.
func (m *sealMeter) record() {
	if m == nil {
		return
	}
	m.thirds++
	if m.p.Done++; m.p.Done%stepRows == 0 {
		m.say()
	}
}

// pack is told of raw events.
func (m *sealMeter) pack(n int) {
	if m == nil {
		return
	}
	m.packed += int64(n)
	m.p.Done += int64(n)
	m.say()
}

// end is told of a day that is over. What it had by estimate is done then.
func (m *sealMeter) end() {
	if m == nil {
		return
	}
	m.ended += m.records + m.events
	m.p.Done, m.records, m.events = m.p.Of, 0, 0
	m.say()
}

func (m *sealMeter) say() {
	m.p.Of = max(m.p.Of, m.p.Done)
	m.p.Rows, m.p.AllRows = m.ended+min(m.thirds/3, m.records)+min(m.packed, m.events), m.all
	m.tell(m.p)
}
