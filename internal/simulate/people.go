package simulate

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

const (
	domain     = "MINATO"
	dnsSuffix  = "minato-seiki.example"
	dnsDomain  = "MINATO-SEIKI.EXAMPLE"
	mnFolder   = "特定個人情報"
	payFolder  = "マイナンバー（支払調書）"
	localAdmin = "kanri"
)

// departments of the company; the first letters of the client network follow.
var departments = [...]string{"総務", "人事", "経理", "営業", "技術"}

// surnames in romaji, as in account names.
var surnames = [...]string{
	"akagi", "banno", "chiba", "doi", "eguchi", "furuya", "goto", "hamada", "iguchi", "jinbo", "kaneda", "kuroki", "maeno", "mizuta",
	"nagase", "nishio", "obata", "ozaki", "sakuma", "shinohara", "sugawara", "tachibana", "takeda", "tsuji", "uchiyama", "wakui",
	"yabe", "yokota", "yuasa", "zama",
}

var initials = "aekhimnrsty"

// person is one user (or computer account).
type person struct {
	name string // account
	sid  string
	ip   string
	zone string // of a link-local address, as the events write it: %14
	pc   string
	dept string
	ntlm bool // logs on by NTLM
}

// address is the person's address as the events write it.
func (p *person) address() string { return p.ip + p.zone }

// client is how a print queue names the person's PC.
func (p *person) client() string {
	if strings.Contains(p.ip, ":") {
		return `\\` + p.pc
	}
	return `\\` + p.ip
}

func (p *person) user() string { return domain + `\` + p.name }

// company is the people; they are the same on each server.
type company struct {
	domainSID string
	people    []*person
	admin     *person
	machine   *person // a computer account
}

func newCompany(seed uint64, people int) *company {
	rng := rand.New(rand.NewPCG(seed, 0x6d696e61746f))
	c := &company{domainSID: fmt.Sprintf("S-1-5-21-%d-%d-%d", rng.Uint32(), rng.Uint32(), rng.Uint32())}
	make1 := func(i int, name, dept string) *person {
		p := &person{
			name: name, sid: fmt.Sprintf("%s-%d", c.domainSID, 1201+i), dept: dept, ntlm: rng.IntN(8) == 0,
			ip: fmt.Sprintf("192.168.%d.%d", 20+i/200, 11+i%200), pc: fmt.Sprintf("MNT-PC%03d", i+1),
		}
		switch { // some use IPv6, a few without a router
		case i%29 == 14:
			p.ip, p.zone = fmt.Sprintf("fe80::6d2c:11ff:fe00:%x", i+1), "%14"
		case i%8 == 2:
			p.ip = fmt.Sprintf("fd6d:696e:6174:%x::%x", 20+i/200, 11+i%200)
		}
		return p
	}
	used := make(map[string]bool)
	first := rng.IntN(len(surnames))
	for i := range people {
		name := ""
		for k := 0; name == "" || used[name]; k++ {
			name = surnames[(first+i)%len(surnames)] + "." + string(initials[rng.IntN(len(initials))])
			if k > 30 {
				name += fmt.Sprint(i)
			}
		}
		used[name] = true
		c.people = append(c.people, make1(i, name, departments[i%len(departments)]))
	}
	c.admin = make1(people, localAdmin, departments[0])
	c.admin.ntlm = false
	c.machine = make1(people+1, "MNT-PC002$", departments[0])
	return c
}
