package archive

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// footEnd is how many bytes stand behind the footer of a Parquet file: its length and
// the magic.
const footEnd = 8

// bounded are the columns of which a file says the least and the greatest value, so that
// a reader can leave row groups out. Each row group of a day has all of the others.
var bounded = []string{"server", "channel", "first_id", "time", "received", "user", "sid"}

// tailWriter passes a Parquet file on and writes its end, which says where everything
// is, in little space: what may be left out and nobody needs is left out. That is the
// index of columns (the bounds of each page; those of row groups stay), counts of how
// pages are packed, bounds of columns that exclude nothing, and, where each column of
// a row group is one page, the places of pages. On a day of 8,000 records it is a third
// of a byte a record.
type tailWriter struct {
	w    io.Writer
	n    int64
	tail *bytes.Buffer // what is behind the pages; nil = pages come
}

func (t *tailWriter) Write(b []byte) (int, error) {
	if t.tail != nil {
		return t.tail.Write(b)
	}
	n, err := t.w.Write(b)
	t.n += int64(n)
	return n, err
}

// begin says that all pages are written.
func (t *tailWriter) begin() { t.tail = new(bytes.Buffer) }

// end writes the end of the file.
func (t *tailWriter) end() error {
	b, err := lean(t.tail.Bytes(), t.n)
	if err == nil {
		_, err = t.w.Write(b)
	}
	if err != nil {
		return fmt.Errorf("write the end of the archive: %w", err)
	}
	return nil
}

// lean makes the end of a file, which stands at an offset, small.
func lean(b []byte, offset int64) ([]byte, error) {
	foot := len(b) - footEnd
	if foot < 0 {
		return nil, errors.New("there is no footer")
	}
	size := int(binary.LittleEndian.Uint32(b[foot:]))
	if size > foot {
		return nil, fmt.Errorf("footer of %d bytes in %d", size, foot)
	}
	var m format.FileMetaData
	if err := thrift.Unmarshal(new(thrift.CompactProtocol), b[foot-size:foot], &m); err != nil {
		return nil, err
	}
	index := int64(foot-size) + offset // where indexes begin
	for i := range m.RowGroups {
		for j := range m.RowGroups[i].Columns {
			index = min(index, m.RowGroups[i].Columns[j].ColumnIndexOffset, m.RowGroups[i].Columns[j].OffsetIndexOffset)
		}
	}
	if index < offset {
		return nil, errors.New("indexes stand between pages")
	}
	out := slices.Clone(b[:index-offset]) // the head of a file without rows
	places, err := placesOf(&m, b, offset)
	if err != nil {
		return nil, err
	}
	for i := range m.RowGroups {
		for j := range m.RowGroups[i].Columns {
			c := &m.RowGroups[i].Columns[j]
			c.OffsetIndexOffset, c.OffsetIndexLength, c.ColumnIndexOffset, c.ColumnIndexLength = 0, 0, 0, 0
			if len(places) > 0 {
				c.OffsetIndexOffset, c.OffsetIndexLength = offset+int64(len(out)), int32(len(places[0]))
				out, places = append(out, places[0]...), places[1:]
			}
			c.MetaData.EncodingStats = nil
			if !slices.Contains(bounded, c.MetaData.PathInSchema[0]) {
				c.MetaData.Statistics = format.Statistics{}
			}
		}
	}
	text, err := thrift.Marshal(new(thrift.CompactProtocol), &m)
	if err != nil {
		return nil, err
	}
	out = append(out, text...)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(text)))
	return append(out, b[foot+4:]...), nil
}

// placesOf are the offset indexes of all columns; none when each column of a row group is
// one page.
func placesOf(m *format.FileMetaData, b []byte, offset int64) (l [][]byte, err error) {
	many := false
	for i := range m.RowGroups {
		for j := range m.RowGroups[i].Columns {
			c := &m.RowGroups[i].Columns[j]
			at := c.OffsetIndexOffset - offset
			l = append(l, b[at:at+int64(c.OffsetIndexLength)])
			var x format.OffsetIndex
			if err := thrift.Unmarshal(new(thrift.CompactProtocol), l[len(l)-1], &x); err != nil {
				return nil, err
			}
			many = many || len(x.PageLocations) > 1
		}
	}
	if !many {
		return nil, nil
	}
	return l, nil
}
