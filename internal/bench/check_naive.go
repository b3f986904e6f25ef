package bench

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/record"
)

// checkPaths is how many different paths are counted in one pass, all answers
// together; some 25 bytes each.
const checkPaths = 6_000_000

// naive answers questions by a plain test of each record. Answers that ask the same
// share a want. It belongs to one goroutine.
type naive struct {
	start    int64 // no record is older
	rules    *pathRules
	wants    []*want
	of       []*want // of each answer
	days     *dayFinder
	people   map[personKey]*person
	clients  map[clientKey][]*want // of those with a condition on the client first
	byPath   [64][]*want           // by a condition on the path first
	byClient []*want
	byResult [256][]*want
	rest     []*want
	byPerson []*want

	most     int // paths of one pass
	paths    int // counted in this one
	partBits int // paths are counted in 2^partBits passes
	part     uint64
	passes   int
}

type (
	personKey struct{ user, sid string }
	clientKey struct{ ip, name string }
)

// person is one user of the records.
type person struct {
	personKey
	number int
	wants  []*want
}

// want is what one or several answers ask for.
type want struct {
	user, client string
	ops          uint64 // bits; 0 = all
	result       record.Result
	path         uint64 // bit of pathRules; 0 = no condition
	from         int64
	tally
}

// newNaive prepares for the answers. start is before all records; days are those of
// the zone.
func newNaive(answers []Answer, start int64, zone *time.Location, most int) (*naive, error) {
	n := &naive{
		start: start, rules: newPathRules(), days: &dayFinder{zone: zone}, people: make(map[personKey]*person),
		clients: make(map[clientKey][]*want), most: most, passes: 1,
	}
	known := make(map[string]*want)
	for i := range answers {
		a := &answers[i]
		w, err := n.want(a)
		if err != nil {
			return nil, err
		}
		kind, err := kindOf(a.ID)
		if err != nil {
			return nil, err
		}
		key := fmt.Sprintf("%d %q %q %d %d %d %d", kind, w.user, w.client, w.ops, w.result, w.path, w.from)
		if o, ok := known[key]; ok {
			n.of = append(n.of, o)
			continue
		}
		w.tally = newTally(kind)
		known[key] = w
		n.of, n.wants = append(n.of, w), append(n.wants, w)
		switch {
		case w.user != "":
			n.byPerson = append(n.byPerson, w)
		case w.path != 0:
			at := bits.TrailingZeros64(w.path)
			n.byPath[at] = append(n.byPath[at], w)
		case w.client != "":
			n.byClient = append(n.byClient, w)
		case w.result != 0:
			n.byResult[w.result] = append(n.byResult[w.result], w)
		default:
			n.rest = append(n.rest, w)
		}
	}
	return n, nil
}

// want reads the conditions of an answer.
func (n *naive) want(a *Answer) (*want, error) {
	v := &a.Values
	w := &want{user: v.User, client: v.Client, from: n.start}
	for _, name := range v.Ops {
		o, err := record.ParseOp(name)
		if err != nil {
			return nil, err
		}
		w.ops |= 1 << o
	}
	var err error
	if v.Result != "" {
		if w.result, err = record.ParseResult(v.Result); err != nil {
			return nil, err
		}
	}
	if v.From != "" {
		from, err := strconv.ParseInt(v.From, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("check: %w", err)
		}
		w.from = max(from, n.start)
	}
	for _, r := range [][2]string{{ruleWord, v.Word}, {ruleFile, v.File}, {ruleFolder, v.Folder}} {
		bit, err := n.rules.rule(r[0], r[1])
		if err != nil {
			return nil, err
		}
		if bit != 0 && w.path != 0 {
			return nil, fmt.Errorf("check: %s has two conditions on the path", a.ID)
		}
		w.path |= bit
	}
	return w, nil
}

// add looks at the records of a piece, the newest first: so few of them need a place
// among the newest. The piece may be used again.
func (n *naive) add(l []record.Record) error {
	for i := len(l) - 1; i >= 0; i-- {
		r := &l[i]
		if r.Time < n.start {
			return fmt.Errorf("check: record %s is older than the first day", r.ID())
		}
		if r.Class == record.ClassUser { // what a search finds without a class
			n.look(r)
		}
	}
	for _, w := range n.wants {
		if w.page != nil {
			w.page.keep()
		}
	}
	return nil
}

// look tests a record for all wants that it may meet.
func (n *naive) look(r *record.Record) {
	p := n.person(r.User, r.SID)
	sum := n.rules.sum(r.Path)
	if n.passes > 1 { // only paths are left to count
		if n.mine(sum) {
			for _, w := range p.wants {
				if w.paths != nil {
					n.test(w, r, p, sum, 0)
				}
			}
		}
		return
	}
	found := uint64(0)
	if r.Path != "" || r.NewPath != "" {
		found = n.rules.hold(r, sum)
	}
	for _, w := range p.wants {
		n.test(w, r, p, sum, found)
	}
	for f := found; f != 0; f &= f - 1 {
		for _, w := range n.byPath[bits.TrailingZeros64(f)] {
			n.test(w, r, p, sum, found)
		}
	}
	for _, w := range n.byClient {
		if r.Time >= w.from {
			n.byClientOf(r, p, sum, found)
			break
		}
	}
	for _, w := range n.byResult[r.Result] {
		n.test(w, r, p, sum, found)
	}
	for _, w := range n.rest {
		n.test(w, r, p, sum, found)
	}
}

func (n *naive) byClientOf(r *record.Record, p *person, sum, found uint64) {
	k := clientKey{r.ClientIP, r.ClientName}
	l, ok := n.clients[k]
	if !ok {
		for _, w := range n.byClient {
			if sameClient(w.client, r) {
				l = append(l, w)
			}
		}
		n.clients[k] = l
	}
	for _, w := range l {
		n.test(w, r, p, sum, found)
	}
}

// test counts the record for w when it meets every condition. That of the user was
// asked once for each person.
func (n *naive) test(w *want, r *record.Record, p *person, sum, found uint64) {
	if r.Time < w.from || w.ops != 0 && w.ops&(1<<r.Op) == 0 || w.result != 0 && w.result != r.Result {
		return
	}
	if w.path != 0 && w.path&found == 0 || w.client != "" && !sameClient(w.client, r) {
		return
	}
	if n.passes == 1 {
		w.count(r, p, n.days)
	}
	if w.paths != nil && r.Path != "" && n.mine(sum) && w.paths.add(sum, r.Path) {
		if n.paths++; n.paths > n.most && n.passes == 1 {
			n.halve()
		}
	}
}

func sameClient(wanted string, r *record.Record) bool {
	return strings.EqualFold(wanted, r.ClientIP) || strings.EqualFold(wanted, r.ClientName)
}

// person finds a user of the records, and once which wants are about him.
func (n *naive) person(user, sid string) *person {
	k := personKey{user, sid}
	p, ok := n.people[k]
	if ok {
		return p
	}
	p = &person{personKey: k, number: len(n.people)}
	_, name, domain := strings.Cut(user, `\`)
	for _, w := range n.byPerson {
		if strings.EqualFold(w.user, user) || strings.EqualFold(w.user, sid) || domain && strings.EqualFold(w.user, name) {
			p.wants = append(p.wants, w)
		}
	}
	n.people[k] = p
	return p
}

// mine reports whether a path is counted in this pass.
func (n *naive) mine(sum uint64) bool { return sum>>(64-n.partBits) == n.part }

// halve leaves half of the paths to later passes.
func (n *naive) halve() {
	n.partBits++
	n.paths = 0
	for _, w := range n.wants {
		if w.paths != nil {
			n.paths += w.paths.only(n.mine)
		}
	}
}

// next prepares the next pass; false when there is none.
func (n *naive) next() bool {
	if n.part++; n.part>>n.partBits != 0 {
		return false
	}
	n.passes++
	n.paths = 0
	for _, w := range n.wants {
		if w.paths != nil {
			w.paths.again()
		}
	}
	return true
}

// answer is what answer i must be.
func (n *naive) answer(i int) Answer {
	w := n.of[i]
	a := Answer{Total: w.total, Rows: [][]any{}}
	switch w.kind {
	case kindPage:
		a.Total, a.Rows = 0, w.page.rows()
	case kindPerson:
		a.Rows = w.personRows()
	case kindDays:
		a.Rows = w.dayRows()
	default:
		a.Rows = w.peopleRows(n.people)
		if w.kind == kindTen {
			a.Rows = a.Rows[:min(len(a.Rows), 10)]
		} else {
			a.More = max(0, len(a.Rows)-lots)
			a.Rows = a.Rows[:len(a.Rows)-a.More]
		}
	}
	return a
}
