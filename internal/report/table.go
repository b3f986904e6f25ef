package report

import "math"

const (
	rowSize = 8.0
	rowLead = 11.5
	cellGap = 8.0
	// cellLines bounds a cell, so that a name of 32,000 characters fills no pages.
	cellLines = 12
)

// table sets rows and repeats the head on each page.
func (s *setter) table(t *Table) {
	w := make([]float64, len(t.Head))
	var sum float64
	for i := range w {
		w[i] = 1
		if i < len(t.Widths) {
			w[i] = t.Widths[i]
		}
		sum += w[i]
	}
	for i := range w {
		w[i] *= width / sum
	}
	s.need(rowLead * 4)
	s.row(t, w, t.Head, true)
	for _, r := range t.Rows {
		cells := make([][]string, len(w))
		high := 1
		for i := range min(len(r), len(w)) {
			cells[i] = s.wrap(s.bounded(r[i], w[i]), rowSize, w[i]-cellGap)
			high = max(high, len(cells[i]))
		}
		if s.need(float64(high)*rowLead + 4) {
			s.row(t, w, t.Head, true)
		}
		s.cells(t, w, cells, ink)
		s.y += float64(high)*rowLead + 3
		s.line(s.y-1.5, 0.5, rule)
	}
}

// bounded cuts a text that would fill more than cellLines lines.
func (s *setter) bounded(text string, w float64) string {
	most := int(math.Ceil(w/rowSize*2)) * cellLines
	r := []rune(text)
	if len(r) <= most {
		return text
	}
	return string(r[:most/2]) + " … "
}

func (s *setter) row(t *Table, w []float64, texts []string, head bool) {
	cells := make([][]string, len(w))
	high := 1
	for i := range texts {
		cells[i] = s.wrap(texts[i], rowSize, w[i]-cellGap)
		high = max(high, len(cells[i]))
	}
	s.cells(t, w, cells, muted)
	s.y += float64(high)*rowLead + 3
	if head {
		s.line(s.y-1.5, 0.8, ink)
		s.y += 2
	}
}

func (s *setter) cells(t *Table, w []float64, cells [][]string, c colour) {
	x := left
	for i := range w {
		for n, l := range cells[i] {
			at := x
			if isRight(t, i) {
				at = x + w[i] - cellGap - s.measure(l, rowSize)
			}
			s.write(at, s.y+float64(n)*rowLead+1, rowSize, c, l)
		}
		x += w[i]
	}
}
