package record

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/akashi-audit/akashi/internal/column"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func numbers(r *Record) [numNum]uint64 {
	return [numNum]uint64{
		uint64(r.Time), column.Zigzag(uint64(r.EndTime - r.Time)), uint64(r.Received), uint64(r.Generation), r.FirstID, uint64(r.Ordinal),
		r.Session, uint64(r.ShareRoot), uint64(r.Count), uint64(r.RulesVersion),
		uint64(r.Op), uint64(r.Object), uint64(r.Result), uint64(r.Confidence), uint64(r.Class),
	}
}

// appendPlain appends the form of blockVersion and blockSuperseded: version,
// string table, number of records, the number columns, the text columns, the
// details (count; key and value of each), the raw record ids (count;
// differences, starting from FirstID), and SupersededBy when one of the records
// has it.
func appendPlain(b []byte, recs []Record) []byte {
	index := make(map[string]uint64)
	var text []string
	str := func(s string) uint64 {
		n, ok := index[s]
		if !ok {
			n = uint64(len(text))
			index[s] = n
			text = append(text, s)
		}
		return n
	}
	var body []byte
	u := func(n uint64) { body = binary.AppendUvarint(body, n) }
	u(uint64(len(recs)))
	rows := make([][numNum]uint64, len(recs))
	for i := range recs {
		rows[i] = numbers(&recs[i])
	}
	for c := range numNum {
		var prev uint64
		for i := range rows {
			n := rows[i][c]
			if deltas&(1<<c) != 0 {
				n, prev = column.Zigzag(n-prev), n
			}
			u(n)
		}
	}
	for c := range numText {
		for i := range recs {
			u(str(*textFields(&recs[i])[c]))
		}
	}
	for i := range recs {
		u(uint64(len(recs[i].Detail)))
	}
	for i := range recs {
		for _, p := range recs[i].Detail {
			u(str(p.Key))
			u(str(p.Value))
		}
	}
	for i := range recs {
		u(uint64(len(recs[i].RawIDs)))
	}
	for i := range recs {
		prev := recs[i].FirstID
		for _, id := range recs[i].RawIDs {
			u(column.Zigzag(id - prev))
			prev = id
		}
	}
	version := byte(blockVersion)
	if slices.ContainsFunc(recs, func(r Record) bool { return r.SupersededBy != 0 }) {
		version = blockSuperseded
		for i := range recs {
			u(uint64(recs[i].SupersededBy))
		}
	}
	b = append(b, version)
	b = binary.AppendUvarint(b, uint64(len(text)))
	for _, s := range text {
		b = binary.AppendUvarint(b, uint64(len(s)))
	}
	for _, s := range text {
		b = append(b, s...)
	}
	return append(b, body...)
}

func TestOlderBlocksAreRead(t *testing.T) {
	f := func(version byte, want []Record) {
		t.Helper()
		form := appendPlain(nil, want)
		if form[0] != version {
			t.Fatalf("version %d, want %d", form[0], version)
		}
		b, err := DecodeBlock(form)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, blockRecords(b), cmpopts.EquateEmpty()); d != "" {
			t.Errorf("records of version %d changed (-want +got):\n%s", version, d)
		}
		for i := range form {
			bad := append([]byte(nil), form...)
			bad[i] ^= 0x81
			_, _ = DecodeBlock(bad) // must return
		}
	}
	l := blockSample()
	f(blockVersion, nil)
	f(blockSuperseded, l)
	for i := range l {
		l[i].SupersededBy = 0
	}
	f(blockVersion, l)
	l[3].SupersededBy = 9
	f(blockSuperseded, l)
}
