package simulate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"time"
)

const (
	bulkDomain = "KANSAI"
	bulkSuffix = "kansai-bussan.example"
)

// bulkPerson is one user of Bulk.
type bulkPerson struct {
	rank                    int // 0 = the busiest
	dept                    int
	user, name, sid, ip, pc string
}

// bulkPeople are the users by rank; how much each does follows Zipf's law with
// exponent 0.9.
type bulkPeople struct {
	list []bulkPerson
	sum  []float64 // share of the work of the ranks up to this one
}

var (
	bulkSurnames = [...]string{
		"sato", "suzuki", "takahashi", "tanaka", "ito", "watanabe", "yamamoto", "nakamura", "kobayashi", "kato", "yoshida", "yamada", "sasaki", "yamaguchi",
		"matsumoto", "inoue", "kimura", "hayashi", "saito", "shimizu", "yamazaki", "mori", "abe", "ikeda", "hashimoto", "yamashita", "ishikawa", "nakajima",
		"maeda", "fujita", "ogawa", "goto", "okada", "hasegawa", "murakami", "kondo", "ishii", "sakamoto", "endo", "aoki", "fujii", "nishimura", "fukuda",
		"ota", "miura", "fujiwara", "okamoto", "matsuda", "nakagawa", "nakano",
	}
	bulkGiven = [...]string{
		"hiroshi", "takashi", "kenji", "makoto", "satoshi", "naoki", "daisuke", "kazuya", "shota", "yuta", "ryo", "kenta", "akira", "osamu", "manabu", "tsuyoshi",
		"yuko", "keiko", "akiko", "tomoko", "naomi", "mayumi", "kumiko", "emi", "ai", "yuka", "misaki", "haruka", "sakura", "aoi", "nanami", "rina",
		"jun", "kaoru", "hikaru", "tsubasa", "minoru", "shigeru", "noboru", "wataru",
	}
)

func newBulkPeople(seed uint64) *bulkPeople {
	rng := rand.New(rand.NewPCG(seed, 0x70656f706c65))
	p := &bulkPeople{list: make([]bulkPerson, bulkUsers), sum: make([]float64, bulkUsers)}
	base := fmt.Sprintf("S-1-5-21-%d-%d-%d", rng.Uint32(), rng.Uint32(), rng.Uint32())
	names := rng.Perm(len(bulkSurnames) * len(bulkGiven))
	total := 0.0
	for i := range p.list {
		name := bulkGiven[names[i]/len(bulkSurnames)] + "." + bulkSurnames[names[i]%len(bulkSurnames)]
		p.list[i] = bulkPerson{
			rank: i, dept: rng.IntN(len(bulkDepartments)), name: name, user: bulkDomain + `\` + name, sid: fmt.Sprintf("%s-%d", base, 1103+names[i]),
			ip: fmt.Sprintf("10.%d.%d.%d", 20+i%7, 10+i/250, 2+i%250), pc: fmt.Sprintf("KNS-PC%04d", 1+names[i]),
		}
		total += math.Pow(float64(i+1), -0.9)
		p.sum[i] = total
	}
	for i := range p.sum {
		p.sum[i] /= total
	}
	return p
}

func (p *bulkPeople) pick(x uint64) *bulkPerson {
	i := sort.SearchFloat64s(p.sum, float64(x>>11)/(1<<53))
	return &p.list[min(i, len(p.list)-1)]
}

// bulkClock gives each record its time, in the rhythm of an office.
type bulkClock struct {
	start int64 // Unix ns
	ends  []int // records made when each hour ends
	hour  int
	done  int // of all records
}

// officeHours is how much of a day's records each hour has, Sundays alike.
var officeHours = [24]float64{1, 1, 2, 1, 1, 1, 2, 6, 40, 95, 100, 96, 45, 90, 98, 96, 92, 80, 48, 26, 14, 8, 4, 2}

func newBulkClock(start time.Time, n int) *bulkClock {
	c := &bulkClock{start: start.UnixNano()}
	var weights []float64
	total := 0.0
	for day := 0; day < bulkLeastDay || total < float64(n); day++ {
		w := float64(bulkWorkday)
		if wd := start.AddDate(0, 0, day).Weekday(); wd == time.Saturday || wd == time.Sunday {
			w = bulkWeekend
		}
		weights = append(weights, w)
		total += w
	}
	hours := 0.0
	for _, h := range officeHours {
		hours += h
	}
	sum := 0.0
	for _, w := range weights {
		for _, h := range officeHours {
			sum += w / total * h / hours
			c.ends = append(c.ends, int(math.Round(sum*float64(n))))
		}
	}
	c.ends[len(c.ends)-1] = n
	return c
}

// next is the time of the next record; times never step back.
func (c *bulkClock) next(x uint64) int64 {
	for c.hour < len(c.ends)-1 && c.done >= c.ends[c.hour] {
		c.hour++
	}
	before := 0
	if c.hour > 0 {
		before = c.ends[c.hour-1]
	}
	const ticks = hour / 100
	n := int64(max(1, c.ends[c.hour]-before))
	i := int64(c.done - before)
	c.done++
	at := i * ticks / n
	at += int64(x>>16) % max(1, (i+1)*ticks/n-at)
	return c.start + int64(c.hour)*hour + at*100
}
