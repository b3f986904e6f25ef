package store

import (
	"crypto/sha256"
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"testing"

	"github.com/akashi-audit/akashi/internal/record"
)

// office makes records as a big file server would give them: 2,000 people by
// Zipf 0.9, 2 million files in 80,000 folders with Japanese names, bursts of
// neighbouring files, all fields filled.
type office struct {
	rng    *rand.Rand
	weight []float64
	users  []record.Record // the fields of a person
	dirs   []string
	root   []uint32
	share  []string
	burst  map[int]int // file a person goes on from
	time   int64
	id     uint64
}

func newOffice(seed uint64) *office {
	o := &office{rng: rand.New(rand.NewPCG(seed, 1)), burst: make(map[int]int), time: 1_760_000_000_000_000_000, id: 1_000_000}
	depts := []string{"人事部", "経理部", "営業本部", "技術開発部", "総務部", "法務室", "品質保証部", "製造一課"}
	kinds := []string{"見積", "契約", "給与明細", "議事録", "設計図", "顧客名簿", "稟議書", "申請書"}
	sum := 0.0
	for i := range 2000 {
		sum += 1 / math.Pow(float64(i+1), 0.9)
		o.weight = append(o.weight, sum)
		o.users = append(o.users, record.Record{
			User: fmt.Sprintf(`CORP\user%04d`, i), SID: fmt.Sprintf("S-1-5-21-1004336348-1177238915-682003330-%d", 1000+i),
			ClientIP: fmt.Sprintf("10.%d.%d.%d", i%4, i/250, i%250), ClientName: fmt.Sprintf("PC-%05d", i*7), Session: uint64(0x3000000 + i*0x1357),
		})
	}
	for i := range 80_000 {
		d := depts[i%len(depts)]
		root := `D:\Shares\` + d
		o.dirs = append(o.dirs, fmt.Sprintf(`%s\%d年度\%s\案件%05d_%s\`, root, 2018+i%8, kinds[i/8%len(kinds)], i, kinds[i/64%len(kinds)]))
		o.root = append(o.root, uint32(len(root)))
		o.share = append(o.share, `\\FS01\`+d)
	}
	return o
}

func (o *office) fill(r *record.Record) {
	u := sort.SearchFloat64s(o.weight, o.rng.Float64()*o.weight[len(o.weight)-1])
	f, going := o.burst[u]
	if !going || o.rng.IntN(4) == 0 {
		f = int(o.rng.Float64() * o.rng.Float64() * 2e6)
	} else {
		f++
	}
	o.burst[u] = f
	dir := f / 25 % len(o.dirs)
	o.time += int64(o.rng.ExpFloat64()*4e7) / 100 * 100
	*r = o.users[u]
	r.Server, r.Channel, r.Generation, r.FirstID = "FS01.corp.example.co.jp", "Security", 1, o.id
	r.Time, r.EndTime, r.Received, r.Source = o.time, o.time+100*o.rng.Int64N(600_000), o.time/1e10*1e10, "windows"
	r.Path = fmt.Sprintf("%s資料_%07d_改訂%d.xlsx", o.dirs[dir], f, f%7)
	r.Share, r.ShareRoot = o.share[dir], o.root[dir]
	r.Object, r.Result, r.Class, r.Count, r.RulesVersion = record.ObjectFile, record.Success, record.ClassUser, 1, 3
	r.Op, r.Rule, r.Confidence = record.OpRead, "X1", record.Certain
	switch x := o.rng.IntN(1000); {
	case x < 200:
		r.Op, r.Rule = record.OpWrite, "W1"
	case x < 240:
		r.Op, r.Rule = record.OpCreate, "C1"
	case x < 270:
		r.Op, r.Rule = record.OpDelete, "D1"
	case x < 290:
		r.Op, r.Rule, r.Confidence = record.OpRename, "R1", record.Inferred
		r.NewPath = r.Path + "（旧）.xlsx"
	case x < 297:
		r.Result = record.Denied
		r.Detail = []record.Pair{{Key: "mask", Value: "0x120089"}}
	case x < 400:
		r.Count = 2 + o.rng.Uint32N(9)
	case x < 420:
		r.Process = `C:\Program Files\Microsoft Office\root\Office16\EXCEL.EXE`
	}
	for range 3 + o.rng.IntN(4) {
		r.RawIDs = append(r.RawIDs, o.id)
		o.id += 1 + o.rng.Uint64N(3)
	}
}

// commitOf makes n records, newest first.
func (o *office) commitOf(n int) []record.Record {
	l := make([]record.Record, n)
	for i := range l {
		o.fill(&l[n-1-i])
	}
	return l
}

// BenchmarkLogRecords tells what one record costs on its way into the log, and
// back.
func BenchmarkLogRecords(b *testing.B) {
	blocks := make([][]record.Record, 24)
	o := newOffice(7)
	for i := range blocks {
		blocks[i] = o.commitOf(record.BlockRecords)
	}
	c, err := newCodec()
	if err != nil {
		b.Fatal(err)
	}
	defer c.close()
	enc := record.NewEncoder()
	var form, packed [][]byte
	raw, small := 0, 0
	for _, l := range blocks {
		form = append(form, enc.AppendBlock(nil, l))
		packed = append(packed, c.pack(form[len(form)-1]))
		raw += len(form[len(form)-1])
		small += len(packed[len(packed)-1])
	}
	per := float64(len(blocks) * record.BlockRecords)
	b.Logf("%.1f bytes a record, %.1f packed", float64(raw)/per, float64(small)/per)
	step := func(name string, fn func(i int)) {
		b.Run(name, func(b *testing.B) {
			n := 0
			for b.Loop() {
				fn(n % len(blocks))
				n++
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n*record.BlockRecords), "ns/record")
		})
	}
	var buf []byte
	step("encode", func(i int) { buf = enc.AppendBlock(buf[:0], blocks[i]) })
	step("pack", func(i int) { c.pack(form[i]) })
	step("crc", func(i int) { checksum(packed[i]) })
	step("sha256", func(i int) { sha256.Sum256(packed[i]) })
	step("unpack", func(i int) {
		if _, err := c.unpack(packed[i]); err != nil {
			b.Fatal(err)
		}
	})
	step("decode", func(i int) {
		if _, err := record.DecodeBlock(form[i]); err != nil {
			b.Fatal(err)
		}
	})
}
