package simulate

import (
	"fmt"
	"math"
	"strconv"
)

// The files of Bulk: a file is a folder and a number in it, its name follows
// from both. So two million of them take no memory.
const (
	bulkFolders  = 80_593
	bulkFilesAll = 2_000_000
	bulkHot      = 16 // files that everybody uses
	bulkYears    = 12
	ownFolders   = 4 // of each person
	bulkLastYear = 2026
)

var bulkDepartments = [...]string{
	"経理部", "総務部", "人事部", "営業一部", "営業二部", "営業三部", "海外営業部", "購買部", "物流部", "製造一部", "製造二部", "品質保証部",
	"設計部", "研究開発部", "情報システム部", "法務部", "広報室", "監査室", "経営企画部", "大阪支店", "名古屋支店", "福岡支店", "Engineering", "Overseas Projects",
}

var bulkTopics = [...]string{
	"月次決算", "契約書", "会議資料", "顧客管理", "プロジェクト", "申請書類", "報告書", "マニュアル", "研修資料", "写真・図面", "予算実績管理", "Templates", "Archive_old", "Drawings CAD",
}

var bulkCustomers = [...]string{
	"関西物産", "東海商事", "北陸製作所", "九州電装", "山陽運輸", "中央建設", "信州食品", "瀬戸内化学", "大和精密", "富士産業", "平和堂", "三島工業",
	"みなと海運", "さくら印刷", "アルプス機器", "オリエント貿易", "サンライズ物流", "テクノ関東", "日本橋繊維", "武蔵野薬品", "琵琶湖水産", "六甲鋼材", "奥羽林業", "南国観光",
	"Acme Trading", "Global Parts", "Nippon-Tech", "Pacific Lines", "Delta Foods", "Orion Systems", "浅間通信", "桜島エネルギー", "十勝農産", "筑波計測", "能登漆器", "飛騨木工",
}

// bulkStems begin the names of files; groups of five share a word of two
// characters, so that each occurs in some 9 % of the paths.
var bulkStems = [...]string{
	"見積書", "見積依頼書", "概算見積", "見積比較表", "再見積", "請求書", "請求明細", "請求一覧", "月次請求", "請求控え", "契約更新案", "契約一覧", "契約変更届", "保守契約", "契約審査票",
	"会議メモ", "定例会議", "会議次第", "役員会議", "会議録", "検査成績", "検査記録", "検査依頼", "出荷検査", "検査手順", "給与明細", "納品書", "発注書", "勤怠集計", "売上集計",
	"作業日報", "組織図", "稟議書", "価格表", "工程表", "顧客台帳", "提案書", "経費精算", "設備点検表", "不具合対応", "座席表", "年間計画",
	"Report", "Minutes", "Spec", "Drawing", "Budget", "Schedule", "Contract", "Invoice", "IMG", "Scan", "Backup", "Presentation", "Q&A", "README",
}

var bulkExtensions = [...]string{".xlsx", ".xlsx", ".docx", ".pdf", ".pdf", ".xls", ".jpg", ".pptx", ".csv", ".txt", ".dwg", ".zip", ".docx", ".xlsx", ".msg", ".pdf"}

// fileRef names a file: the number index of its folder.
type fileRef struct{ folder, index uint32 }

type bulkFolder struct {
	path  string // with the closing \
	files uint32
	share uint16
}

type bulkShare struct {
	unc  string
	root uint32 // bytes of the share's folder
}

// bulkFiles are the folders of one server.
type bulkFiles struct {
	seed    uint64
	folders []bulkFolder
	dept    [len(bulkDepartments)][]uint32 // folders, the most used first
	shares  []bulkShare
	machine string // the server's own account
	skew    [4096]uint16
}

func newBulkFiles(seed uint64) *bulkFiles {
	server := seed >> 32 & 0xff
	f := &bulkFiles{seed: mix(seed), folders: make([]bulkFolder, 0, bulkFolders), machine: fmt.Sprintf(`%s\KNS-FS%02d$`, bulkDomain, server+1)}
	for i := range f.skew { // position of a random pick in a list of 65,536, the first much more often
		f.skew[i] = uint16(65535 * math.Pow((float64(i)+0.5)/float64(len(f.skew)), 4.5))
	}
	add := func(path string, share int) {
		f.folders = append(f.folders, bulkFolder{path: path, share: uint16(share)})
	}
	var topics []string
	var owner []int
	for d, name := range bulkDepartments {
		root := `D:\Shares\` + name
		f.shares = append(f.shares, bulkShare{unc: fmt.Sprintf(`\\KNS-FS%02d\%s`, server+1, name), root: uint32(len(root))})
		add(root+`\`, d)
	}
	for y := range bulkYears { // recent years first: they are used most
		for d, name := range bulkDepartments {
			year := fmt.Sprintf(`D:\Shares\%s\%d年度\`, name, bulkLastYear-y)
			add(year, d)
			for _, t := range bulkTopics {
				add(year+t+`\`, d)
				topics, owner = append(topics, year+t), append(owner, d)
			}
		}
	}
	rest := bulkFolders - len(f.folders)
	for i := range rest { // customers' folders, about 19 under each topic
		t := i * len(topics) / rest
		k := i - (t*rest+len(topics)-1)/len(topics)
		path := topics[t] + `\` + bulkCustomers[(k+t*7)%len(bulkCustomers)]
		if h := mix(f.seed + uint64(i)); h&3 == 0 {
			path += fmt.Sprintf("_%02d_%s", h>>8%40, [...]string{"参考資料", "旧版", "作業中", "提出用"}[h>>20&3])
		}
		add(path+`\`, owner[t])
	}
	f.furnish()
	return f
}

// furnish says how many files each folder has, and lists the folders of each
// department from the most to the least used.
func (f *bulkFiles) furnish() {
	mean := float64(bulkFilesAll) / bulkFolders
	for i := range f.folders {
		u := float64(mix(f.seed^uint64(i)<<20)>>11+1) / (1 << 53)
		f.folders[i].files = 1 + uint32(-math.Log(u)*(mean-1)+0.5)
		d := f.folders[i].share
		f.dept[d] = append(f.dept[d], uint32(i))
	}
}

// pick is where a person begins to work: mostly in a folder of his
// department, a third of the time in one of his own few.
func (f *bulkFiles) pick(p *bulkPerson, x, y uint64) fileRef {
	d := p.dept
	if x&15 == 0 {
		d = int(x >> 4 % uint64(len(f.dept)))
	}
	list := f.dept[d]
	var at int
	if x>>10%10 < 3 {
		at = f.own(p, x>>14%ownFolders, len(list))
	} else {
		at = (int(f.skew[y&4095])*len(list) + int(y>>12&65535)*len(list)/4096) >> 16
		at = min(at, len(list)-1)
	}
	folder := list[at]
	n := uint64(f.folders[folder].files)
	r := y >> 32 & 0xffff
	return fileRef{folder, uint32(r * r >> 16 * n >> 16)}
}

// own is the place of one of the person's own folders in a list of n.
func (f *bulkFiles) own(p *bulkPerson, k uint64, n int) int {
	return int(mix(f.seed+uint64(p.rank)<<8+k) % uint64(n))
}

// after is the next file of the folder.
func (f *bulkFiles) after(r fileRef) fileRef {
	if r.index++; r.index >= f.folders[r.folder].files {
		r.index = 0
	}
	return r
}

// grow adds a file to the folder.
func (f *bulkFiles) grow(r fileRef) fileRef {
	d := &f.folders[r.folder]
	d.files++
	return fileRef{r.folder, d.files - 1}
}

// hot is one of a few files that everybody uses; their folders stand at the
// roots of the first shares.
func (f *bulkFiles) hot(x uint64) fileRef { return fileRef{uint32(x % bulkHot), 0} }

// path appends the path of a file.
func (f *bulkFiles) path(b []byte, r fileRef) []byte {
	b = append(b, f.folders[r.folder].path...)
	return f.name(b, r, "")
}

// name appends the name of a file: a stem, a customer, a date or a version,
// and the number that makes it the only one of its folder.
func (f *bulkFiles) name(b []byte, r fileRef, mark string) []byte {
	h := mix(f.seed ^ uint64(r.folder)<<32 ^ uint64(r.index))
	stem := h % uint64(len(bulkStems))
	customer := bulkCustomers[h>>8%uint64(len(bulkCustomers))]
	form := h >> 24 & 3
	if form == 0 {
		b = strconv.AppendUint(b, bulkLastYear-h>>26%bulkYears, 10)
		b = appendPadded(b, int(1+h>>32%12), 2)
		b = appendPadded(b, int(1+h>>36%28), 2)
		b = append(b, '_')
	}
	b = append(append(append(b, bulkStems[stem]...), '_'), customer...)
	switch form {
	case 1:
		b = append(b, " ("...)
		b = strconv.AppendUint(b, uint64(r.index), 10)
		b = append(b, ')')
	case 2:
		b = append(b, "様_第"...)
		b = strconv.AppendUint(b, uint64(r.index), 10)
		b = append(b, "版"...)
	default:
		b = append(b, '_')
		b = appendPadded(b, int(r.index), 4)
	}
	return append(append(b, mark...), bulkExtensions[h>>44&15]...)
}

// renamed appends another name of the file in its folder.
func (f *bulkFiles) renamed(b []byte, r fileRef, x uint64) []byte {
	b = append(b, f.folders[r.folder].path...)
	return f.name(b, r, [...]string{"_改訂", "_最終", "_old", "_確認済"}[x&3])
}

// moved appends the file's path in another folder of its department.
func (f *bulkFiles) moved(b []byte, r fileRef, x uint64) []byte {
	list := f.dept[f.folders[r.folder].share]
	b = append(b, f.folders[list[int(f.skew[x>>2&4095])*len(list)>>16]].path...)
	return f.name(b, r, "")
}
