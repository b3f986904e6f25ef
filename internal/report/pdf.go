package report

import (
	"bytes"
	"compress/gzip"
	_ "embed" // the font
	"fmt"
	"image"
	"image/color"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/signintech/gopdf"
)

//go:embed font/VL-Gothic-Regular.ttf.gz
var fontFile []byte

// Measures in points.
const (
	pageW, pageH = 595.28, 841.89
	left, top    = 51.0, 54.0
	width        = pageW - 2*left
	bottom       = pageH - 62
	body         = 9.5
	small        = 8.0
	family       = "vl"
	lostMark     = '〓'
)

type colour [3]uint8

var (
	ink   = colour{0x1d, 0x23, 0x2b}
	muted = colour{0x59, 0x62, 0x6d}
	rule  = colour{0xe2, 0xde, 0xd6}
	ai    = colour{0x1f, 0x4e, 0x79}
)

type setter struct {
	pdf  *gopdf.GoPdf
	d    *Document
	y    float64
	err  error
	wide map[rune]float64 // of a character, at size 1
}

// PDF writes the document as A4 pages, and returns how many characters the font
// lacks; each became 〓. made stands in the file's properties.
func PDF(w io.Writer, d *Document, made time.Time) (lost int, err error) {
	z, err := gzip.NewReader(bytes.NewReader(fontFile))
	if err != nil {
		return 0, fmt.Errorf("report: font: %w", err)
	}
	font, err := io.ReadAll(z)
	if err != nil {
		return 0, fmt.Errorf("report: font: %w", err)
	}
	s := &setter{pdf: &gopdf.GoPdf{}, d: d, wide: make(map[rune]float64)}
	s.pdf.Start(gopdf.Config{PageSize: gopdf.Rect{W: pageW, H: pageH}})
	missing := make(map[rune]bool)
	err = s.pdf.AddTTFFontDataWithOption(family, font, gopdf.TtfOption{
		OnGlyphNotFound:           func(r rune) { missing[r] = true },
		OnGlyphNotFoundSubstitute: func(rune) rune { return lostMark },
	})
	if err != nil {
		return 0, fmt.Errorf("report: font: %w", err)
	}
	s.pdf.SetInfo(gopdf.PdfInfo{Title: d.Title, Creator: "akashi", Producer: "akashi", CreationDate: made})
	s.newPage()
	s.cover()
	for i := range d.Blocks {
		s.block(&d.Blocks[i])
	}
	lost = len(missing)
	if lost > 0 {
		s.gap(10)
		s.para(strings.ReplaceAll(d.LostWord, "{n}", strconv.Itoa(lost)), small, muted, 0)
	}
	s.footers()
	if s.err != nil {
		return lost, fmt.Errorf("report: %w", s.err)
	}
	if _, err := s.pdf.WriteTo(w); err != nil {
		return lost, fmt.Errorf("report: %w", err)
	}
	return lost, nil
}

func (s *setter) try(err error) {
	if s.err == nil {
		s.err = err
	}
}

func (s *setter) newPage() {
	s.pdf.AddPage()
	s.y = top
}

// need begins a page when less than h is left.
func (s *setter) need(h float64) bool {
	if s.y+h <= bottom {
		return false
	}
	s.newPage()
	return true
}

func (s *setter) gap(h float64) { s.y += h }

func (s *setter) line(y, thick float64, c colour) {
	s.pdf.SetLineWidth(thick)
	s.pdf.SetStrokeColor(c[0], c[1], c[2])
	s.pdf.Line(left, y, left+width, y)
}

func (s *setter) write(x, y, size float64, c colour, text string) {
	if text == "" {
		return
	}
	s.pdf.SetTextColor(c[0], c[1], c[2])
	s.try(s.pdf.SetFont(family, "", size))
	s.pdf.SetXY(x, y)
	s.try(s.pdf.Cell(nil, text))
}

func (s *setter) para(text string, size float64, c colour, indent float64) {
	for _, l := range s.wrap(text, size, width-indent) {
		s.need(size * 1.6)
		s.write(left+indent, s.y, size, c, l)
		s.y += size * 1.6
	}
}

func (s *setter) cover() {
	s.write(left, s.y, small, muted, s.d.Kind)
	s.y += 14
	for _, l := range s.wrap(s.d.Title, 19, width) {
		s.write(left, s.y, 19, ink, l)
		s.y += 26
	}
	s.y += 4
	s.line(s.y, 1.2, ink)
	s.y += 12
	names := 0.0
	for _, p := range s.d.Cover {
		names = max(names, s.measure(p.Name, body)+16)
	}
	names = min(names, width/3)
	for _, p := range s.d.Cover {
		lines := s.wrap(p.Value, body, width-names)
		s.need(body * 1.6)
		s.write(left, s.y, body, muted, p.Name)
		for _, l := range lines {
			s.need(body * 1.6)
			s.write(left+names, s.y, body, ink, l)
			s.y += body * 1.6
		}
		s.y += 2
	}
}

func (s *setter) block(b *Block) {
	if b.Heading != "" {
		s.gap(20)
		s.need(s.together(b))
		s.write(left, s.y, 13, ink, b.Heading)
		s.y += 23
	} else {
		s.gap(8)
	}
	for _, t := range b.Text {
		s.text(t, b.Marked)
	}
	if b.Table != nil {
		s.gap(2)
		s.table(b.Table)
	}
	if b.Code != "" {
		for _, l := range strings.Split(strings.TrimRight(b.Code, "\n"), "\n") {
			s.para(l, 7.5, ink, 8)
		}
	}
	if b.Picture != nil {
		s.gap(6)
		s.need(pictureSide + 16)
		s.picture(b.Picture, left, s.y, pictureSide)
		s.y += pictureSide + 4
		s.para(b.Caption, small, muted, 0)
	}
}

// together is how much of a block must not be parted: the heading, the text and the
// first rows of the table.
func (s *setter) together(b *Block) float64 {
	h := 70.0
	if b.Table == nil || b.Marked {
		return h
	}
	for _, t := range b.Text {
		h += float64(len(s.wrap(t, body, width)))*body*1.6 + 4
	}
	return min(h+float64(min(len(b.Table.Rows), 3))*rowLead*2, (bottom-top)/2)
}

// pictureSide is how wide a picture is: 42 mm.
const pictureSide = 119.0

// picture sets the dark dots of a picture as areas, so that they are sharp at every
// size. It has few dots.
func (s *setter) picture(p image.Image, x, y, side float64) {
	r := p.Bounds()
	dot := side / float64(max(r.Dx(), 1))
	s.pdf.SetFillColor(0, 0, 0)
	for py := r.Min.Y; py < r.Max.Y; py++ {
		for px := r.Min.X; px < r.Max.X; px++ {
			from := px
			for px < r.Max.X && dark(p.At(px, py)) {
				px++
			}
			if px > from {
				s.pdf.RectFromUpperLeftWithStyle(x+float64(from-r.Min.X)*dot, y+float64(py-r.Min.Y)*dot, float64(px-from)*dot, dot, "F")
			}
		}
	}
}

func dark(c color.Color) bool { return color.GrayModel.Convert(c).(color.Gray).Y < 128 }

func (s *setter) text(t string, marked bool) {
	if !marked {
		s.para(t, body, ink, 0)
		s.gap(4)
		return
	}
	lines := s.wrap(t, body, width-14)
	s.need(min(float64(len(lines))*body*1.6, bottom-top))
	from := s.y
	s.para(t, body, ink, 14)
	if s.y > from {
		s.pdf.SetLineWidth(2)
		s.pdf.SetStrokeColor(ai[0], ai[1], ai[2])
		s.pdf.Line(left+2, from-1, left+2, s.y-3)
	}
	s.gap(6)
}

func (s *setter) footers() {
	n := s.pdf.GetNumberOfPages()
	for i := 1; i <= n; i++ {
		s.try(s.pdf.SetPage(i))
		s.line(pageH-46, 0.6, rule)
		s.write(left, pageH-40, 7.5, muted, s.clip(s.d.Footer, 7.5, width-90))
		p := strings.NewReplacer("{n}", strconv.Itoa(i), "{m}", strconv.Itoa(n)).Replace(s.d.PageWord)
		s.write(left+width-s.measure(p, 7.5), pageH-40, 7.5, muted, p)
	}
}
