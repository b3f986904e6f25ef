package cli

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/akashi-audit/akashi/internal/i18n"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// listing is a list of counts: columns named as in JSON and CSV, and rows of
// string, uint64, moment, []string and []query.Count. What wide holds stands in
// JSON and CSV only.
type listing struct {
	name string // of the list in JSON
	cols []string
	wide []bool
	rows [][]any
	more int // entries beyond the list
}

// moment is Unix ns; 0 is none.
type moment int64

func newListing(name string, cols ...string) *listing {
	l := &listing{name: name, wide: make([]bool, len(cols))}
	for i, c := range cols {
		c, wide := strings.CutPrefix(c, "+")
		l.cols, l.wide[i] = append(l.cols, c), wide
	}
	return l
}

func (l *listing) add(cells ...any) { l.rows = append(l.rows, cells) }

// words is a cell for people.
func words(p *i18n.Printer, zone *time.Location, cell any) string {
	switch v := cell.(type) {
	case string:
		return record.Visible(v)
	case uint64:
		return i18n.Number(int64(v))
	case moment:
		if v == 0 {
			return ""
		}
		return p.Time(time.Unix(0, int64(v)).In(zone))
	case []string:
		return record.Visible(strings.Join(v, ", "))
	}
	return fmt.Sprint(cell)
}

// print writes the list in columns; numbers stand right.
func (l *listing) print(out io.Writer, p *i18n.Printer, zone *time.Location, indent string) error {
	var lines [][]string
	var head []string
	for i, c := range l.cols {
		if !l.wide[i] {
			head = append(head, p.T("cli.list."+c, "zone", zone))
		}
	}
	lines = append(lines, head)
	for _, row := range l.rows {
		var line []string
		for i, cell := range row {
			if !l.wide[i] {
				line = append(line, words(p, zone, cell))
			}
		}
		lines = append(lines, line)
	}
	width, right := make([]int, len(head)), make([]bool, len(head))
	for _, line := range lines {
		for i, c := range line {
			width[i] = max(width[i], runewidth.StringWidth(c))
		}
	}
	at := 0
	for i := range l.cols {
		if l.wide[i] {
			continue
		}
		if len(l.rows) > 0 {
			_, right[at] = l.rows[0][i].(uint64)
		}
		at++
	}
	for _, line := range lines {
		var b strings.Builder
		for i, c := range line {
			if right[i] {
				c = runewidth.FillLeft(c, width[i])
			} else {
				c = runewidth.FillRight(c, width[i])
			}
			b.WriteString(c + "  ")
		}
		if _, err := fmt.Fprintln(out, indent+strings.TrimRight(b.String(), " ")); err != nil {
			return err
		}
	}
	return nil
}

// appendRow appends a row as a JSON object.
func (l *listing) appendRow(b []byte, row []any) []byte {
	for i, cell := range row {
		sep := byte(',')
		if i == 0 {
			sep = '{'
		}
		b = append(append(append(b, sep, '"'), l.cols[i]...), '"', ':')
		b = appendCell(b, cell)
	}
	return append(b, '}')
}

func appendCell(b []byte, cell any) []byte {
	switch v := cell.(type) {
	case string:
		return record.AppendString(b, v)
	case uint64:
		return strconv.AppendUint(b, v, 10)
	case moment:
		return append(record.AppendTime(append(b, '"'), int64(v)), '"')
	case []string:
		b = append(b, '[')
		for i, s := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = record.AppendString(b, s)
		}
		return append(b, ']')
	case []query.Count:
		b = append(b, '{')
		for i, c := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendUint(append(record.AppendString(b, c.Value), ':'), c.N, 10)
		}
		return append(b, '}')
	}
	return append(b, "null"...)
}

// appendJSON appends the rows as an array, a row a line.
func (l *listing) appendJSON(b []byte) []byte {
	b = append(b, '[')
	for i, row := range l.rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = l.appendRow(append(b, "\n "...), row)
	}
	return append(b, ']')
}

// write writes the list alone in any format.
func (l *listing) write(out io.Writer, format string, p *i18n.Printer, zone *time.Location) error {
	var b []byte
	switch format {
	case "table":
		if len(l.rows) == 0 {
			return nil
		}
		return l.print(out, p, zone, "")
	case "json":
		b = append(l.appendJSON(nil), '\n')
	case "jsonl":
		for _, row := range l.rows {
			b = append(l.appendRow(b, row), '\n')
		}
	case "csv":
		w := csv.NewWriter(out)
		if err := w.Write(l.cols); err != nil {
			return err
		}
		for _, row := range l.rows {
			var line []string
			for _, cell := range row {
				line = append(line, csvCell(cell))
			}
			if err := w.Write(line); err != nil {
				return err
			}
		}
		w.Flush()
		return w.Error()
	}
	_, err := out.Write(b)
	return err
}

func csvCell(cell any) string {
	switch v := cell.(type) {
	case string:
		return record.Visible(v)
	case uint64:
		return strconv.FormatUint(v, 10)
	case moment:
		return string(record.AppendTime(nil, int64(v)))
	case []string:
		return record.Visible(strings.Join(v, " "))
	}
	return string(appendCell(nil, cell))
}
