package evtx

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/event"
)

// TestCheckRealLogs: every log of Windows passes whose checksums are right and
// that is not marked dirty; of the hostile ones only the control has to.
func TestCheckRealLogs(t *testing.T) {
	roots := []string{"../../../shared/corpus", "../../../shared/lab"}
	if _, err := os.Stat(roots[0]); err != nil {
		t.Skip("SKIPPED: the shared corpus is absent: ", err)
	}
	healthy, ill, hostile := 0, 0, 0
	for _, root := range roots {
		files, err := filepath.Glob(root + "/*/*.evtx")
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			err = Check(bytes.NewReader(b), int64(len(b)))
			switch {
			case err == nil:
				healthy++
			case strings.Contains(path, "hostile") && !strings.Contains(path, "00_good"):
				hostile++
			case strings.Contains(err.Error(), "dirty") || strings.Contains(err.Error(), "checksum"):
				ill++
			default:
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	t.Logf("%d logs pass, %d are dirty or have a wrong checksum, %d hostile ones are refused", healthy, ill, hostile)
}

// TestCheckFindsFaults changes one thing at a time in a good log, corrects the
// checksums that would give it away, and wants Check to name the fault.
func TestCheckFindsFaults(t *testing.T) {
	good, _ := writeMem(t, WriterOptions{}, peerEvents(300, func(string, *event.Value) {}))
	le := binary.LittleEndian
	const chunk = fileHeaderSize + chunkSize // the second chunk
	second := func(b []byte) []byte { return b[chunk : chunk+chunkSize] }
	nameOff := func(c []byte) uint32 {
		for k := range chStringCount {
			if off := le.Uint32(c[chStrings+4*k:]); off != 0 {
				return off
			}
		}
		return 0
	}
	f := func(want string, edit func(b []byte) []byte) {
		t.Helper()
		b := edit(slices.Clone(good))
		if len(b) >= chunk+chunkSize {
			c := second(b)
			if free := le.Uint32(c[chFree:]); free <= chunkSize && want != "wrong data checksum" {
				le.PutUint32(c[chDataCRC:], crc32.ChecksumIEEE(c[chunkHeaderSize:free]))
			}
			if want != "wrong header checksum" {
				le.PutUint32(c[chHeaderCRC:], chunkHeaderCRC(c))
			}
		}
		if want != "file header: wrong checksum" {
			le.PutUint32(b[fhCRC:], crc32.ChecksumIEEE(b[:fileHeaderSum]))
		}
		err := Check(bytes.NewReader(b), int64(len(b)))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Check = %v, want %q", err, want)
		}
	}
	in := func(edit func(c []byte)) func(b []byte) []byte {
		return func(b []byte) []byte { edit(second(b)); return b }
	}
	if err := Check(bytes.NewReader(good), int64(len(good))); err != nil {
		t.Fatal(err)
	}
	f("file header: wrong checksum", func(b []byte) []byte { b[fhNextRecord]++; return b })
	f("next record id", func(b []byte) []byte { b[fhNextRecord]++; return b })
	f("signature", func(b []byte) []byte { b[0] = 'e'; return b })
	f("dirty", func(b []byte) []byte { b[fhFlags] = fileDirty; return b })
	f("no whole number of chunks", func(b []byte) []byte { return append(b, 0) })
	f("chunks in a file that holds", func(b []byte) []byte { b[fhChunkCount]++; return b })
	f("not counted", func(b []byte) []byte { b[fhChunkCount]--; b[fhLastChunk]--; return b })
	f("wrong header checksum", in(func(c []byte) { c[chFirstNumber]++ }))
	f("wrong data checksum", in(func(c []byte) { c[600]++ }))
	f("no ElfChnk", in(func(c []byte) { c[0] = 0 }))
	f("free-space offset", in(func(c []byte) { le.PutUint32(c[chFree:], 70000) }))
	f("last-record offset", in(func(c []byte) { c[chLastRecord]++ }))
	f("last record id", in(func(c []byte) { c[chLastID]++ }))
	f("record numbers", in(func(c []byte) { c[chLastNumber]++ }))
	f("first record id", in(func(c []byte) { c[chFirstID]++ }))
	f("its copy", in(func(c []byte) { c[chunkHeaderSize+le.Uint32(c[chunkHeaderSize+recSize:])-4]++ }))
	f("id ", in(func(c []byte) { c[chunkHeaderSize+recID]++ }))
	f("no record signature", in(func(c []byte) { c[chunkHeaderSize] = 0 }))
	f("hash", in(func(c []byte) { c[nameOff(c)+4]++ }))
	f("characters do not fit", in(func(c []byte) { le.PutUint16(c[nameOff(c)+6:], 65535) }))
	f("outside of the records", in(func(c []byte) { le.PutUint32(c[chStrings:], 40) }))
	f("is not in the table", in(func(c []byte) { clear(c[chStrings:chTemplates]) }))
	f("template offset", in(func(c []byte) { clear(c[chTemplates:chunkHeaderSize]) }))
	f("template id", in(func(c []byte) { c[chunkHeaderSize+recordHeader+6]++ }))
	f("fragment header", in(func(c []byte) { c[chunkHeaderSize+recordHeader] = 7 }))
}

// TestCheckSurvives: whatever stands in a chunk, Check ends without a panic.
func TestCheckSurvives(t *testing.T) {
	good, _ := writeMem(t, WriterOptions{}, peerEvents(30, func(string, *event.Value) {}))
	r := rand.New(rand.NewPCG(7, 8))
	passed := 0
	for range 3000 {
		b := slices.Clone(good[:fileHeaderSize+chunkSize])
		binary.LittleEndian.PutUint16(b[fhChunkCount:], 1)
		binary.LittleEndian.PutUint32(b[fhCRC:], crc32.ChecksumIEEE(b[:fileHeaderSum]))
		c := b[fileHeaderSize:]
		for range 1 + r.IntN(3) {
			at := chunkHeaderSize + r.IntN(3000)
			if r.IntN(4) == 0 {
				at = chStrings + r.IntN(chunkHeaderSize-chStrings)
			}
			c[at] = [...]byte{0, 1, 0x7f, 0x80, 0xff, byte(r.Uint32())}[r.IntN(6)]
		}
		if free := binary.LittleEndian.Uint32(c[chFree:]); free <= chunkSize {
			binary.LittleEndian.PutUint32(c[chDataCRC:], crc32.ChecksumIEEE(c[chunkHeaderSize:free]))
		}
		binary.LittleEndian.PutUint32(c[chHeaderCRC:], chunkHeaderCRC(c))
		if Check(bytes.NewReader(b), int64(len(b))) == nil {
			passed++ // a byte of a value
		}
	}
	t.Logf("%d of 3000 pass", passed)
}
