package paths

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/query"
)

// use asks everything of a dictionary that may be damaged.
func use(index []byte, pages [][]byte) (errs int) {
	d, err := Open(index, func(i int) ([]byte, error) {
		if i >= len(pages) {
			return nil, errors.New("no such page")
		}
		return pages[i], nil
	})
	if err != nil {
		return 1
	}
	count := func(err error) {
		if err != nil {
			errs++
		}
	}
	c := d.Cursor()
	for n := 0; n < 5000 && c.Next(); n++ {
	}
	count(c.Err())
	for _, id := range []uint32{0, 7, 40, uint32(d.Len() - 1)} {
		_, err := d.Path(id)
		count(err)
	}
	for _, p := range []string{`D:\共有\a\見積01.xlsx`, "", `d:\共有\B\x`, `Z:\`, `D:\共有\A\`} {
		_, err := d.Find(p)
		count(err)
		_, err = d.Below(p)
		count(err)
	}
	for _, n := range []Needle{Contains("見積"), Contains("カ"), Contains(`a\見`), Contains("x"), Meets(query.NewPattern("*1*.xlsx")), RestBegins(3, `\a`)} {
		_, err := d.Search(context.Background(), n)
		count(err)
	}
	return errs
}

func TestHostileBytes(t *testing.T) {
	var l []string
	for _, f := range []string{`D:\共有\A`, `D:\共有\a`, `D:\共有\ａ`, `D:\共有\B`, `E:`} {
		for i := range 60 {
			l = append(l, f+`\見積`+strings.Repeat("0", i%3)+string(rune('0'+i%10))+string(rune('a'+i/10))+".xlsx", f+`\ｶﾞ`+string(rune('a'+i/10))+string(rune('0'+i%10)))
		}
	}
	d, index, pages := encodeSmall(t, l, 600)
	if n := use(index, pages); n != 0 || d.Len() != len(l) {
		t.Fatalf("undamaged: %d errors, %d paths of %d", n, d.Len(), len(l))
	}
	rng, found := rand.New(rand.NewPCG(1, 2)), 0
	all := append([][]byte{index}, pages...)
	for range 1000 {
		i := rng.IntN(len(all))
		was := all[i]
		b := bytes.Clone(was)
		switch rng.IntN(4) {
		case 0:
			b = b[:rng.IntN(len(b))]
		case 1:
			b[rng.IntN(len(b))] = 0xff
		default:
			b[rng.IntN(len(b))] ^= 1 << rng.IntN(8)
		}
		all[i] = b
		if use(all[0], all[1:]) > 0 {
			found++
		}
		all[i] = was
	}
	if found < 160 {
		t.Errorf("%d of 1000 damages gave an error", found)
	}
}
