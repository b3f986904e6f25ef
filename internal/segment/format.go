package segment

import (
	"time"
)

// FormatVersion is the version of the format that this program writes.
const FormatVersion = 1

const (
	magicHead = "akashi segment\x00\n" // 16 bytes at the beginning of the file
	magicTail = "AKSEGEND"             // the last 8 bytes of a trailer
	// trailerSize: offset, size and checksum of the footer, version, checksum
	// of the trailer, magic.
	trailerSize = 8 + 8 + 4 + 4 + 4 + 8
	// blockRows is the most rows of a block.
	blockRows = 8192
	// maxRaw is the most raw record ids of a block.
	maxRaw = 1 << 20
	// pageRows is the most rows of a page of postings and entries of a page of
	// a roll-up.
	pageRows = 8192
)

// Columns of a block, in stored order. The numbers are stored: append only.
const (
	colTime = iota
	colLength
	colStamp
	colOrigin
	colFirstID
	colOrdinal
	colRaw // how many raw record ids; the ids follow in the same chunk
	colClient
	colSession
	colKind
	colPath
	colNewPath
	colShare // 0: the usual share of the path; else share + 1
	colProcess
	colCount
	colDetail
	numCols
)

// columnNames are the keys of Meta.Columns for the columns.
func columnNames() [numCols]string {
	return [numCols]string{"time", "end_time", "seq", "origin", "first_id", "ordinal", "raw_record_ids", "client", "session", "kind",
		"path", "new_path", "share", "process", "count", "detail"}
}

// Month is a calendar month in the data folder's zone: year·12 + month − 1.
type Month int

// MonthOf finds the calendar month of a day.
func MonthOf(day int) Month {
	t := time.Unix(int64(day)*86400, 0).UTC()
	return Month(t.Year()*12 + int(t.Month()) - 1)
}

// String is the month as 2026-11.
func (m Month) String() string {
	y, mo := int(m)/12, int(m)%12
	if mo < 0 {
		y, mo = y-1, mo+12
	}
	return time.Date(y, time.Month(mo+1), 1, 0, 0, 0, 0, time.UTC).Format("2006-01")
}
