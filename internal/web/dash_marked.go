package web

import "strconv"

// markedLines is how many folders the card names.
const markedLines = 5

// markedCard is what happened in the folders with specific personal information in a
// week; nil when nothing did, or none is known.
func (v *dashView) markedCard(rq *request, x *numbers) *Card {
	if x == nil || len(x.marked) == 0 {
		return nil
	}
	week := func(page string, folders ...string) string {
		f := dashForm(v.ServerRaw)
		f.Page, f.Period = page, "7d"
		f.also(folders)
		return f.url()
	}
	var all []string
	n := uint64(0)
	c := &Card{Title: rq.p.T("web.mn.title")}
	for _, m := range x.marked {
		n += m.N
		all = append(all, m.Value)
		if len(c.Lines) < markedLines {
			c.Lines = append(c.Lines, CardLine{Text: m.Value, Detail: strconv.FormatUint(m.N, 10), URL: week("/people", m.Value)})
		}
	}
	c.Text = rq.p.T("web.mn.week", "n", n, "folders", len(x.marked))
	c.URL = week("/search", all...)
	return c
}
