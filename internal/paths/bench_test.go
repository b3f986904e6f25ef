package paths

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/klauspost/compress/zstd"
)

// office makes n distinct paths of a Japanese file server.
func office(n int) []string {
	rng := rand.New(rand.NewPCG(7, 7))
	pick := func(l ...string) string { return l[rng.IntN(len(l))] }
	dept := []string{"経理部", "人事部", "営業部", "総務部", "開発部", "品質管理部", "法務部", "購買部", "情報システム部", "製造部"}
	company := func() string {
		return pick("山田", "関西", "東洋", "北陸", "中央", "丸紅", "三和", "大和", "日本", "富士") + pick("物産", "製作所", "電機", "商事", "工業", "建設", "運輸", "化学", "食品", "印刷")
	}
	what := func() string {
		return pick("見積書", "請求書", "契約書", "給与明細", "議事録", "報告書", "仕様書", "設計図", "名簿", "稟議書", "Report", "minutes", "Invoice", "データ", "カタログ")
	}
	folders := make([]string, 0, n/11)
	for len(folders) < n/11 {
		f := `D:\Shares\` + dept[rng.IntN(len(dept))] + `\` + strconv.Itoa(2015+rng.IntN(11)) + "年度" +
			pick(`\案件`, `\取引先`, `\社内`, `\archive`, `\プロジェクト`) + `\` + company() + "_" + strconv.Itoa(rng.IntN(400)) + pick("", `\`+what(), `\最終版\`+strconv.Itoa(rng.IntN(12)))
		folders = append(folders, f)
	}
	seen := make(map[string]bool, n)
	l := make([]string, 0, n)
	for len(l) < n {
		f := folders[int(float64(len(folders))*rng.Float64()*rng.Float64())]
		name := what()
		if rng.IntN(2) == 0 {
			name += "_" + company()
		}
		name += pick("_", "", "-") + pick(strconv.Itoa(2015+rng.IntN(11)), fmt.Sprintf("%03d", rng.IntN(1000)), strconv.Itoa(100000+rng.IntN(900000))) +
			pick("", "", "", "_v2", "_最終", "(1)") + pick(".xlsx", ".xlsx", ".docx", ".pdf", ".PDF", ".jpg", ".dwg")
		if rng.IntN(8) == 0 {
			name = fmt.Sprintf("IMG_%04d.JPG", rng.IntN(10000))
		}
		if rng.IntN(20) == 0 {
			name = "（案）" + name
		}
		p := f + `\` + name
		if !seen[p] {
			seen[p] = true
			l = append(l, p)
		}
	}
	return l
}

func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestScale prints size and CPU time at the size of a month's dictionary. It
// runs when AKASHI_SCALE is the number of paths.
func TestScale(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("AKASHI_SCALE"))
	if n == 0 {
		t.Skip("AKASHI_SCALE is not set")
	}
	l := office(n)
	bytes, names := 0, 0
	for _, p := range l {
		_, name := split(p)
		bytes, names = bytes+len(p), names+len(name)
	}
	a := cpu()
	slices.SortFunc(l, Compare)
	b := cpu()
	index, pages := Encode(l)
	c := cpu()
	per := func(v int) float64 { return float64(v) / float64(n) }
	t.Logf("%d paths of %.1f bytes, names %.1f; sort %v, encode %v", n, per(bytes), per(names), b-a, c-b)
	enc, _ := zstd.NewWriter(nil)
	plain, packed, fplain, fpacked := len(index), len(enc.EncodeAll(index, nil)), 0, 0
	d, err := Open(index, func(i int) ([]byte, error) { return pages[i], nil })
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages {
		plain += len(p)
		packed += len(enc.EncodeAll(p, nil))
	}
	for _, e := range d.folders {
		fplain += len(pages[e.page])
		fpacked += len(enc.EncodeAll(pages[e.page], nil))
	}
	t.Logf("%d pages, %d of folders; index %d bytes; %.2f bytes a path, folders %.2f; packed %.2f, folders %.2f", len(pages), len(d.folders), len(index), per(plain), per(fplain), per(packed), per(fpacked))
	for _, n := range []Needle{Contains("見積"), Contains("給与明細_関西物産"), Contains("存在しない"), Contains("invoice"), Contains("2024"), Contains("カタログ"), Contains(".pdf"), Contains(`関西物産_17\見積`), Contains(`\img_00`), Contains("e"), Meets(query.NewPattern("*見積*.xlsx")), Meets(query.NewPattern("*.dwg")), RestBegins(len(`D:\Shares\経理部`), `\2024`)} {
		times := make([]time.Duration, 15)
		var s *Set
		for i := range times {
			from := cpu()
			if s, err = d.look(context.Background(), n); err != nil {
				t.Fatal(err)
			}
			times[i] = cpu() - from
		}
		slices.Sort(times)
		t.Logf("search %s: %d, CPU least %v, median %v", n.text, s.Len(), times[0], times[7])
	}
	from := cpu()
	for i := range 10000 {
		if r, err := d.Find(strings.ToUpper(l[i*(len(l)/10000)])); err != nil || r.Len() == 0 {
			t.Fatal(r, err)
		}
	}
	t.Logf("Find: %v", (cpu()-from)/10000)
	from = cpu()
	for i := range 10000 {
		if _, err := d.Path(uint32(i * (len(l) / 10000))); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("Path: %v", (cpu()-from)/10000)
	from = cpu()
	k := 0
	for c := d.Cursor(); c.Next(); k++ {
	}
	t.Logf("Cursor: %v for %d", cpu()-from, k)
}

func BenchmarkSearch(b *testing.B) {
	l := office(200_000)
	slices.SortFunc(l, Compare)
	index, pages := Encode(l)
	d, err := Open(index, func(i int) ([]byte, error) { return pages[i], nil })
	if err != nil {
		b.Fatal(err)
	}
	b.Run("*.dwg", func(b *testing.B) {
		for b.Loop() {
			if _, err := d.look(context.Background(), Meets(query.NewPattern("*.dwg"))); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, w := range []string{"見積", "給与明細_関西物産", "invoice", `\見積`} {
		b.Run(w, func(b *testing.B) {
			from := cpu()
			for b.Loop() {
				if _, err := d.look(context.Background(), Contains(w)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(cpu()-from)/float64(b.N)/float64(len(l)), "cpu-ns/path")
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	l := office(200_000)
	slices.SortFunc(l, Compare)
	from := cpu()
	for b.Loop() {
		Encode(l)
	}
	b.ReportMetric(float64(cpu()-from)/float64(b.N)/float64(len(l)), "cpu-ns/path")
}
