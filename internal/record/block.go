package record

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// BlockRecords is the most records that AppendBlock takes.
const BlockRecords = 4096

// Older versions of a block, which are read only: one of blockVersion has no
// superseded record, one of blockSuperseded ends with the column SupersededBy.
const (
	blockVersion    = 1
	blockSuperseded = 2
)

// errBlock is wrapped by every error of DecodeBlock.
var errBlock = errors.New("record block")

// Text columns of a Block, in stored order.
const (
	ColServer = iota
	ColChannel
	ColSource
	ColUser
	ColSID
	ColClientIP
	ColClientName
	ColPath
	ColNewPath
	ColShare
	ColProcess
	ColRule
	numText
)

func textFields(r *Record) [numText]*string {
	return [numText]*string{
		&r.Server, &r.Channel, &r.Source, &r.User, &r.SID, &r.ClientIP, &r.ClientName,
		&r.Path, &r.NewPath, &r.Share, &r.Process, &r.Rule,
	}
}

// Number columns of a Block, in stored order.
const (
	colTime   = iota
	colLength // EndTime - Time
	colReceived
	colGeneration
	colFirstID
	colOrdinal
	colSession
	colShareRoot
	colCount
	colRulesVersion
	colOp
	colObject
	colResult
	colConfidence
	colClass
	numNum
)

// deltas tells which number columns are stored as the difference to the row
// before.
const deltas = 1<<colTime | 1<<colReceived | 1<<colFirstID

// limits are the largest value of each number column.
var limits = [numNum]uint64{
	1<<64 - 1, 1<<64 - 1, 1<<64 - 1, 1<<32 - 1, 1<<64 - 1, 1<<32 - 1, 1<<64 - 1, 1<<32 - 1, 1<<32 - 1, 1<<32 - 1,
	1<<8 - 1, 1<<8 - 1, 1<<8 - 1, 1<<8 - 1, 1<<8 - 1,
}

func unzigzag(u uint64) uint64 { return u>>1 ^ -(u & 1) }

// AppendBlock is Encoder.AppendBlock with an encoder of its own.
func AppendBlock(b []byte, recs []Record) []byte { return NewEncoder().AppendBlock(b, recs) }

// Block is a decoded block: columns over one string table. It is immutable and
// safe for concurrent use.
type Block struct {
	Text    []string // the string table
	n       int
	num     [numNum][]uint64
	text    [numText][]uint32
	details []Pair
	detail  []uint32 // first detail of each row, and the end
	raw     []uint64
	rawAt   []uint32 // first raw id of each row, and the end
	newer   []uint32 // SupersededBy; nil when all are 0
}

// Len is the number of records.
func (b *Block) Len() int { return b.n }

// Time of row i, Unix ns.
func (b *Block) Time(i int) int64 { return int64(b.num[colTime][i]) }

// Op of row i.
func (b *Block) Op(i int) Op { return Op(b.num[colOp][i]) }

// Result of row i.
func (b *Block) Result(i int) Result { return Result(b.num[colResult][i]) }

// Object of row i.
func (b *Block) Object(i int) Object { return Object(b.num[colObject][i]) }

// Class of row i.
func (b *Block) Class(i int) Class { return Class(b.num[colClass][i]) }

// Code is the place in Text of a text column (ColServer …) of row i.
func (b *Block) Code(col, i int) uint32 { return b.text[col][i] }

// ID of row i.
func (b *Block) ID(i int) ID {
	return ID{
		b.Text[b.text[ColServer][i]], b.Text[b.text[ColChannel][i]],
		uint32(b.num[colGeneration][i]), b.num[colFirstID][i], uint32(b.num[colOrdinal][i]),
	}
}

// Bytes estimates the memory that the block holds.
func (b *Block) Bytes() int {
	n := b.n*(numNum*8+numText*4+8) + len(b.details)*32 + len(b.raw)*8 + len(b.Text)*16
	for _, s := range b.Text {
		n += len(s)
	}
	return n
}

// Read fills r with row i. Detail and RawIDs share memory with the block: they
// must not be changed; Record gives copies.
func (b *Block) Read(i int, r *Record) {
	for c, p := range textFields(r) {
		*p = b.Text[b.text[c][i]]
	}
	r.Time = int64(b.num[colTime][i])
	r.EndTime = r.Time + int64(unzigzag(b.num[colLength][i]))
	r.Received = int64(b.num[colReceived][i])
	r.Generation = uint32(b.num[colGeneration][i])
	r.FirstID = b.num[colFirstID][i]
	r.Ordinal = uint32(b.num[colOrdinal][i])
	r.Session = b.num[colSession][i]
	r.ShareRoot = uint32(b.num[colShareRoot][i])
	r.Count = uint32(b.num[colCount][i])
	r.RulesVersion = uint32(b.num[colRulesVersion][i])
	r.Op, r.Object, r.Result = b.Op(i), b.Object(i), b.Result(i)
	r.Confidence = Confidence(b.num[colConfidence][i])
	r.Class = b.Class(i)
	r.Detail = b.details[b.detail[i]:b.detail[i+1]:b.detail[i+1]]
	r.SupersededBy = 0
	if b.newer != nil {
		r.SupersededBy = b.newer[i]
	}
	r.RawIDs = b.raw[b.rawAt[i]:b.rawAt[i+1]:b.rawAt[i+1]]
}

// Record returns row i as a record of its own; empty Detail and RawIDs are nil.
func (b *Block) Record(i int) Record {
	var r Record
	b.Read(i, &r)
	r.Detail = append([]Pair(nil), r.Detail...)
	r.RawIDs = append([]uint64(nil), r.RawIDs...)
	return r
}

// blockReader reads a block; the first error sticks.
type blockReader struct {
	b   []byte
	err error
}

func (r *blockReader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", errBlock, fmt.Sprintf(format, args...))
	}
	r.b = nil
}

func (r *blockReader) u(limit uint64) uint64 {
	if len(r.b) > 0 && r.b[0] < 0x80 && uint64(r.b[0]) <= limit { // most numbers
		n := uint64(r.b[0])
		r.b = r.b[1:]
		return n
	}
	n, k := binary.Uvarint(r.b)
	if k <= 0 || n > limit {
		r.fail("bad number %d, want at most %d", n, limit)
		return 0
	}
	r.b = r.b[k:]
	return n
}

// count reads the number of things that take at least one byte each.
func (r *blockReader) count() int { return int(r.u(uint64(len(r.b)))) }

func (r *blockReader) table() []string {
	lengths := make([]int, r.count())
	total := 0
	for i := range lengths {
		lengths[i] = r.count()
		if total += lengths[i]; total > len(r.b) {
			r.fail("string table of %d bytes", total)
			return nil
		}
	}
	if r.err != nil {
		return nil
	}
	all := string(r.b[:total])
	r.b = r.b[total:]
	text := make([]string, len(lengths))
	for i, n := range lengths {
		text[i], all = all[:n], all[n:]
	}
	return text
}

// ends reads the lengths of n runs and returns where each begins, and the end
// of the last.
func (r *blockReader) ends(n int) []uint32 {
	l := make([]uint32, n+1)
	total := 0
	for i := range n {
		l[i] = uint32(total)
		total += r.count()
		if total > len(r.b) {
			r.fail("%d entries in %d bytes", total, len(r.b))
			return make([]uint32, n+1)
		}
	}
	l[n] = uint32(total)
	return l
}

// DecodeBlock is the inverse of AppendBlock. It takes any bytes: damaged ones
// give an error, and memory is bounded by a small multiple of len(b).
func DecodeBlock(b []byte) (*Block, error) {
	if len(b) > 0 && b[0] == blockColumns {
		return decodeColumns(b[1:])
	}
	if len(b) == 0 || b[0] != blockVersion && b[0] != blockSuperseded {
		return nil, fmt.Errorf("%w: unknown version", errBlock)
	}
	r := &blockReader{b: b[1:]}
	bl := &Block{Text: r.table()}
	str := func() uint32 {
		n := r.u(1<<32 - 1)
		if n >= uint64(len(bl.Text)) {
			r.fail("string %d of %d", n, len(bl.Text))
			return 0
		}
		return uint32(n)
	}
	bl.n = int(r.u(BlockRecords))
	if bl.n > len(r.b) {
		r.fail("%d records in %d bytes", bl.n, len(r.b))
	}
	if r.err != nil {
		return nil, r.err
	}
	for c := range bl.num {
		col := make([]uint64, bl.n)
		var prev uint64
		for i := range col {
			if deltas&(1<<c) != 0 {
				prev += unzigzag(r.u(1<<64 - 1))
				col[i] = prev
			} else {
				col[i] = r.u(limits[c])
			}
		}
		bl.num[c] = col
	}
	for c := range bl.text {
		col := make([]uint32, bl.n)
		for i := range col {
			col[i] = str()
		}
		bl.text[c] = col
	}
	bl.detail = r.ends(bl.n)
	bl.details = make([]Pair, bl.detail[bl.n])
	for i := range bl.details {
		k, v := str(), str()
		if r.err != nil {
			return nil, r.err
		}
		bl.details[i] = Pair{bl.Text[k], bl.Text[v]}
	}
	bl.rawAt = r.ends(bl.n)
	bl.raw = make([]uint64, bl.rawAt[bl.n])
	for i := range bl.n {
		prev := bl.num[colFirstID][i]
		for j := bl.rawAt[i]; j < bl.rawAt[i+1]; j++ {
			prev += unzigzag(r.u(1<<64 - 1))
			bl.raw[j] = prev
		}
	}
	if b[0] == blockSuperseded {
		bl.newer = make([]uint32, bl.n)
		for i := range bl.newer {
			bl.newer[i] = uint32(r.u(1<<32 - 1))
		}
	}
	if r.err == nil && len(r.b) != 0 {
		r.fail("%d bytes left over", len(r.b))
	}
	if r.err != nil {
		return nil, r.err
	}
	return bl, nil
}
