package simulate

import (
	"fmt"
	"math"
)

// What a measurement asks for: values whose frequency is known.

// User is the person of that rank, 0 being the busiest of Users.
func (b *Bulk) User(rank int) string { return b.people.list[rank].user }

// Users is how many people there are.
func (b *Bulk) Users() int { return len(b.people.list) }

// Client is the address of the machine of the person of that rank.
func (b *Bulk) Client(rank int) string { return b.people.list[rank].ip }

// Hot is the path of one of the files that everybody uses, each about as
// often: i is 0 to 15.
func (b *Bulk) Hot(i int) string { return string(b.files.path(nil, b.files.hot(uint64(i)))) }

// YearFolder is a folder that holds the files of a department of one year, i
// from 0 to 23, without the closing backslash.
func (b *Bulk) YearFolder(i, year int) string {
	return fmt.Sprintf(`D:\Shares\%s\%d年度`, bulkDepartments[i], year)
}

// RareWord is a part of a name that stands in about 0.05 % of the records, i
// from 0 to 23.
func (b *Bulk) RareWord(i int) string { return "給与明細_" + bulkCustomers[i] }

// CommonWord is a part of a name of two characters that stands in about 8 % of
// the records, i from 0 to 4.
func (b *Bulk) CommonWord(i int) string {
	return [...]string{"見積", "請求", "契約", "会議", "検査"}[i]
}

// RareFile is the path of a file that hardly anybody but one person uses, in
// some 30 of the records when there are enough; i is 0 to 90.
func (b *Bulk) RareFile(i int) string {
	records := float64(b.opt.Records) * 8e-6 // of a rank that has about 30 in each file of its own
	rank := min(int(math.Pow(records, 1/0.9)), bulkUsers-100) + i
	p := &b.people.list[rank]
	at, list := 0, b.files.dept[p.dept]
	for k := range uint64(ownFolders) {
		at = max(at, b.files.own(p, k, len(list)))
	}
	return string(b.files.path(nil, fileRef{list[at], 0}))
}
