package record

import (
	"encoding/binary"

	"github.com/akashi-audit/akashi/internal/column"
)

// blockColumns is the version of the blocks that an Encoder writes. Most
// columns of it follow another one, their parent: a row whose value is that of
// the last row with the same parent is a bit.
const blockColumns = 3

// maxFolders is the most folders of a block.
const maxFolders = 4 * BlockRecords

// plainNums are the number columns that follow no other, in stored order; then
// come the texts, then Session and ShareRoot.
var plainNums = [...]int{
	colTime, colLength, colReceived, colGeneration, colFirstID, colOrdinal, colCount,
	colRulesVersion, colOp, colObject, colResult, colConfidence, colClass,
}

// Parents of text columns other than a text column.
const (
	byNothing = -1 - iota // the row before
	byOp
	byFolder // of Path, the upper part
)

// textOrder are the text columns in stored order and their parents. Behind the
// two of paths stand the tables of folders and paths.
var textOrder = [numText]struct{ col, parent int }{
	{ColServer, byNothing}, {ColChannel, byNothing}, {ColSource, byNothing}, {ColUser, byNothing},
	{ColSID, ColUser}, {ColClientIP, ColUser}, {ColClientName, ColUser}, {ColProcess, ColUser},
	{ColPath, ColUser}, {ColNewPath, byNothing}, {ColShare, byFolder}, {ColRule, byOp},
}

// pad is the room between columns in memory, in elements.
const pad = 9

// firstPath is the place of the paths in textOrder.
const firstPath = 8

// Encoder makes blocks. It keeps its memory from block to block and belongs to
// one goroutine. The zero Encoder is not ready: use NewEncoder.
type Encoder struct {
	num     [numNum][]uint64
	text    [numText][]string
	code    [numText][]uint32
	allNum  []uint64 // what the columns are parts of
	allText []string
	allCode []uint32
	plain   *column.Table // texts
	known   uint32        // how many of them the columns so far have named
	paths   *column.Table
	folders *column.Folders
	in      []uint32 // folder of each path
	names   []string // of each path but the first, which is empty
	folder  []uint32 // of each row's Path, its upper part
	tops    []top    // of each folder

	zero, ops []uint32 // parents of the rows
	last      []uint32 // by parent: the value of its last row
	lastNum   []uint64
	same      []bool
	vals      []uint32
	nums      []uint64
	b         []byte
	back      bool // rows go from the last record to the first
}

// NewEncoder makes an encoder.
func NewEncoder() *Encoder {
	return &Encoder{plain: column.NewTable(), paths: column.NewTable(), folders: column.NewFolders(maxFolders)}
}

// AppendBlock appends the block form of at most BlockRecords records, by column
// and exact in every field; it does not compress.
func (e *Encoder) AppendBlock(b []byte, recs []Record) []byte {
	e.back = false
	return e.appendBlock(b, recs)
}

// AppendBlockBack is AppendBlock of the records from the last to the first.
func (e *Encoder) AppendBlockBack(b []byte, recs []Record) []byte {
	e.back = true
	return e.appendBlock(b, recs)
}

// row is the record of a row of the block.
func (e *Encoder) row(recs []Record, i int) *Record {
	if e.back {
		i = len(recs) - 1 - i
	}
	return &recs[i]
}

func (e *Encoder) appendBlock(b []byte, recs []Record) []byte {
	e.gather(recs)
	e.b = e.b[:0]
	for _, c := range plainNums {
		if deltas&(1<<c) != 0 {
			e.b = column.AppendDifferences(e.b, e.num[c])
		} else {
			e.b = column.AppendNumbers(e.b, e.num[c], false)
		}
	}
	for _, o := range textOrder[:firstPath] {
		e.texts(o.col, e.parent(o.parent))
	}
	e.pathColumn(ColPath, e.parent(ColUser))
	e.pathColumn(ColNewPath, e.parent(byNothing))
	e.pathTable()
	for i, p := range e.code[ColPath] {
		e.folder[i] = e.tops[e.in[p]].folder
	}
	for _, o := range textOrder[firstPath+2:] {
		e.texts(o.col, e.parent(o.parent))
	}
	e.follow(e.code[ColUser], e.num[colSession])
	e.follow(e.code[ColShare], e.num[colShareRoot])
	e.details(recs)
	e.rawIDs(recs)
	b = binary.AppendUvarint(append(b, blockColumns), uint64(len(recs)))
	b = e.plain.Append(b)
	b = append(b, e.b...)
	clear(e.allText) // the encoder outlives the records
	clear(e.names)
	e.plain.Reset()
	e.paths.Reset()
	e.folders.Reset()
	return b
}

// gather turns rows into columns.
func (e *Encoder) gather(recs []Record) {
	n := len(recs)
	// Columns stand apart by no power of two: a row is one write to each, and
	// a cache keeps few lines of the same low address.
	nums, text, code := sized(e.allNum, numNum*(n+pad)), sized(e.allText, numText*(n+pad)), sized(e.allCode, numText*(n+pad))
	e.allNum, e.allText, e.allCode = nums, text, code
	for c := range e.num {
		e.num[c], nums = nums[:n], nums[n+pad:]
	}
	for c := range e.text {
		e.text[c], text = text[:n], text[n+pad:]
		e.code[c], code = code[:n], code[n+pad:]
	}
	e.zero, e.ops, e.folder, e.same = sized(e.zero, n), sized(e.ops, n), sized(e.folder, n), sized(e.same, n)
	clear(e.zero)
	for i := range recs {
		r := e.row(recs, i)
		e.num[colTime][i], e.num[colLength][i], e.num[colReceived][i] = uint64(r.Time), column.Zigzag(uint64(r.EndTime-r.Time)), uint64(r.Received)
		e.num[colGeneration][i], e.num[colFirstID][i], e.num[colOrdinal][i] = uint64(r.Generation), r.FirstID, uint64(r.Ordinal)
		e.num[colSession][i], e.num[colShareRoot][i], e.num[colCount][i] = r.Session, uint64(r.ShareRoot), uint64(r.Count)
		e.num[colRulesVersion][i], e.num[colOp][i], e.num[colObject][i] = uint64(r.RulesVersion), uint64(r.Op), uint64(r.Object)
		e.num[colResult][i], e.num[colConfidence][i], e.num[colClass][i] = uint64(r.Result), uint64(r.Confidence), uint64(r.Class)
		for c, p := range textFields(r) {
			e.text[c][i] = *p
		}
		e.ops[i] = uint32(r.Op)
	}
	e.plain.Add("")
	e.known = 1
	e.paths.Add("")
	e.in, e.names = append(e.in[:0], 0), e.names[:0]
}

// sized is v with n elements of any content.
func sized[T any](v []T, n int) []T {
	if cap(v) < n {
		return make([]T, n)
	}
	return v[:n]
}

func (e *Encoder) parent(col int) []uint32 {
	switch col {
	case byNothing:
		return e.zero
	case byOp:
		return e.ops
	case byFolder:
		return e.folder
	}
	return e.code[col]
}

// lasts is the memory of the last row of each parent, all 0: the empty text.
func (e *Encoder) lasts(parent []uint32) []uint32 {
	top := uint32(0)
	for _, p := range parent {
		top = max(top, p)
	}
	e.last = sized(e.last, int(top)+1)
	clear(e.last)
	return e.last
}

// texts writes a text column.
func (e *Encoder) texts(col int, parent []uint32) {
	last, code := e.lasts(parent), e.code[col]
	e.vals = e.vals[:0]
	for i, s := range e.text[col] {
		p := parent[i]
		n := last[p]
		e.same[i] = e.plain.Text(n) == s
		if !e.same[i] {
			n = e.plain.Add(s)
			last[p] = n
			e.vals = append(e.vals, fresh(n, &e.known))
		}
		code[i] = n
	}
	e.b = column.AppendNumbers(column.AppendBits(e.b, e.same), e.vals, false)
}

// fresh is 0 for the first number that was not yet written, known, and else the
// number plus one.
func fresh(n uint32, known *uint32) uint32 {
	if n == *known {
		*known++
		return 0
	}
	return n + 1
}

// pathColumn writes a column of paths, by their number in the table of paths.
func (e *Encoder) pathColumn(col int, parent []uint32) {
	last, code := e.lasts(parent), e.code[col]
	e.vals = e.vals[:0]
	known := uint32(len(e.in))
	for i, s := range e.text[col] {
		p := parent[i]
		n := last[p]
		e.same[i] = e.paths.Text(n) == s
		if !e.same[i] {
			n = e.paths.Add(s)
			last[p] = n
			if n == known {
				folder, name := e.folders.Split(s)
				e.in, e.names = append(e.in, folder), append(e.names, name)
			}
			e.vals = append(e.vals, fresh(n, &known))
		}
		code[i] = n
	}
	e.b = column.AppendNumbers(column.AppendBits(e.b, e.same), e.vals, false)
}

// top is the upper part of a folder, which mostly tells the share: its first
// topDepth levels.
type top struct{ folder, depth uint32 }

const topDepth = 4

// below is the upper part of folder n, directly in the one of t.
func (t top) below(n uint32) top {
	if t.depth < topDepth {
		return top{n, t.depth + 1}
	}
	return t
}

// tops appends the upper parts of the folders: of the first, which is empty, and
// of the others by the folder that each is in.
func tops(t []top, above []uint32) []top {
	t = append(t, top{})
	for i, a := range above {
		t = append(t, t[a].below(uint32(i+1)))
	}
	return t
}

// pathTable writes the folders, then name and folder of each path but the first.
func (e *Encoder) pathTable() {
	e.b = e.folders.Append(e.b)
	e.vals = e.vals[:0]
	known := uint32(1)
	for _, f := range e.in[1:] {
		e.vals = append(e.vals, fresh(f, &known))
	}
	e.b = column.AppendTexts(e.b, e.names)
	e.b = column.AppendNumbers(e.b, e.vals, false)
	e.tops = tops(e.tops[:0], e.folders.Above())
}

// follow writes a number column that follows another one.
func (e *Encoder) follow(parent []uint32, v []uint64) {
	top := uint32(0)
	for _, p := range parent {
		top = max(top, p)
	}
	e.lastNum = sized(e.lastNum, int(top)+1)
	clear(e.lastNum)
	e.nums = e.nums[:0]
	for i, n := range v {
		p := parent[i]
		e.same[i] = e.lastNum[p] == n
		if !e.same[i] {
			e.lastNum[p] = n
			e.nums = append(e.nums, n)
		}
	}
	e.b = column.AppendNumbers(column.AppendBits(e.b, e.same), e.nums, false)
}

// details writes how many each row has, then keys and values of all.
func (e *Encoder) details(recs []Record) {
	e.vals = e.vals[:0]
	for i := range recs {
		e.vals = append(e.vals, uint32(len(e.row(recs, i).Detail)))
	}
	e.b = column.AppendNumbers(e.b, e.vals, false)
	e.vals = e.vals[:0]
	for i := range recs {
		for _, p := range e.row(recs, i).Detail {
			k := fresh(e.plain.Add(p.Key), &e.known)
			e.vals = append(e.vals, k, fresh(e.plain.Add(p.Value), &e.known))
		}
	}
	e.b = column.AppendNumbers(e.b, e.vals, true)
}

// rawIDs writes how many each row has, their differences from FirstID on, and
// SupersededBy.
func (e *Encoder) rawIDs(recs []Record) {
	e.vals, e.nums = e.vals[:0], e.nums[:0]
	for i := range recs {
		r := e.row(recs, i)
		e.vals = append(e.vals, uint32(len(r.RawIDs)))
		prev := r.FirstID
		for _, id := range r.RawIDs {
			e.nums = append(e.nums, column.Zigzag(id-prev))
			prev = id
		}
	}
	e.b = column.AppendNumbers(e.b, e.vals, false)
	e.b = column.AppendNumbers(e.b, e.nums, true)
	e.vals = e.vals[:0]
	for i := range recs {
		e.vals = append(e.vals, e.row(recs, i).SupersededBy)
	}
	e.b = column.AppendNumbers(e.b, e.vals, false)
}
