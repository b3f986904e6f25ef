package simulate

import (
	"fmt"
	"strings"
)

// node is a file or folder of a server.
type node struct {
	name   string
	dir    bool
	parent *node
	kids   []*node
	share  string // name of the share, of a share root only
	low    bool   // share whose share permissions allow reading only
	closed bool   // folder that only few may enter
	busy   int64  // in use until then
}

const (
	volume       = `E:\共有`
	archiveShare = "資料庫" // its share permissions allow reading only
)

func (n *node) path() string {
	if n.parent == nil {
		return volume + `\` + n.name
	}
	return n.parent.path() + `\` + n.name
}

func (n *node) root() *node {
	for n.parent != nil {
		n = n.parent
	}
	return n
}

// add puts a child of that name into the folder.
func (n *node) add(name string, dir bool) *node {
	k := &node{name: name, dir: dir, parent: n}
	n.kids = append(n.kids, k)
	return k
}

func (n *node) remove() {
	for i, k := range n.parent.kids {
		if k == n {
			n.parent.kids = append(n.parent.kids[:i:i], n.parent.kids[i+1:]...)
			return
		}
	}
}

func (n *node) child(name string) *node {
	for _, k := range n.kids {
		if strings.EqualFold(k.name, name) {
			return k
		}
	}
	return nil
}

// walk calls f for the node and everything below it, a folder before its
// content, and stops with false.
func (n *node) walk(f func(*node) bool) bool {
	if !f(n) {
		return false
	}
	for _, k := range n.kids {
		if !k.walk(f) {
			return false
		}
	}
	return true
}

// free reports whether nothing in the tree is in use at t.
func (n *node) free(t int64) bool { return n.walk(func(k *node) bool { return k.busy <= t }) }

var folderNames = [...]string{
	"令和8年度", "令和7年度", "会議資料", "取引先", "月次報告", "稟議書", "様式集", "写真台帳", "作業手順", "共同購買", "Q&A集", "引継ぎ", "旧版 (参照のみ)", "入札", "点検記録", "展示会'26", "＿作業中", "=移行前=", "共有,一時", "🚧工事台帳", "長い名前のフォルダー（各課の控えと差し替え前の版を年度ごとにまとめて置く場所）",
}

var fileStems = [...]string{
	"見積依頼書", "納品書控え", "週報", "会議メモ", "売上集計", "勤怠集計", "設備台帳", "図面一覧", "顧客対応記録", "提案書", "発注書", "検査成績表",
	"年間計画", "経費精算", "Meeting notes", "price list", "工程表", "クレーム報告", "部品表 #3", "安全パトロール", "社内報", "原価計算",
}

// oddStems are names that programs get wrong: formula signs, commas, quotes,
// marks of direction, letters outside the BMP, full and half width, decomposed
// kana, and a very long one.
var oddStems = [...]string{
	"=SUM(提出用)", "+81 連絡先", "-控え-", "@全社員 周知", "見積,改訂,最終", "部長's コメント", "“原本”の写し", "🎉創立50周年", "𠮷川様 御見積", "髙橋﨑商店 請求",
	"ＦＡＸ送付状１", "FAX送付状1", "ｺｽﾄ削減案", "か\u3099ス点検", "通知\u202efdp", "控え  (写)", "＜至急＞回覧%20済", strings.Repeat("関係各位への周知文書と別紙", 17),
}

var extensions = [...]string{".xlsx", ".xlsx", ".docx", ".docx", ".pptx", ".pdf", ".pdf", ".txt", ".csv", ".jpg"}

// fileName invents a name that the folder does not have.
func (w *server) fileName(in *node, exts ...string) string {
	if len(exts) == 0 {
		exts = extensions[:]
	}
	for {
		s := fileStems[w.rng.IntN(len(fileStems))]
		if w.rng.IntN(14) == 0 {
			s = oddStems[w.rng.IntN(len(oddStems))]
		}
		switch w.rng.IntN(4) {
		case 0:
			s = fmt.Sprintf("2026%02d%02d_%s", 1+w.rng.IntN(12), 1+w.rng.IntN(28), s)
		case 1:
			s = fmt.Sprintf("%s (%d)", s, 2+w.rng.IntN(400))
		case 2:
			s = fmt.Sprintf("%s_v%d", s, 1+w.rng.IntN(300))
		}
		s += exts[w.rng.IntN(len(exts))]
		if in.child(s) == nil {
			return s
		}
	}
}

func (w *server) folderName(in *node) string {
	for {
		s := folderNames[w.rng.IntN(len(folderNames))]
		if w.rng.IntN(3) > 0 {
			s = fmt.Sprintf("%s_%02d", s, 1+w.rng.IntN(99))
		}
		if in.child(s) == nil {
			return s
		}
	}
}

// furnish makes the shares of the departments with about files files each, and
// the folders of individual numbers.
func (w *server) furnish(shares []string, files int) {
	for _, s := range shares {
		root := &node{name: s, dir: true, share: s, low: s == archiveShare}
		w.roots = append(w.roots, root)
		dirs := []*node{root}
		for range max(5, files/14) {
			in := dirs[w.rng.IntN(len(dirs))]
			if strings.Count(in.path(), `\`) < 5 {
				dirs = append(dirs, in.add(w.folderName(in), true))
			}
		}
		for range files {
			in := dirs[w.rng.IntN(len(dirs))]
			in.add(w.fileName(in), false)
		}
		folder, form := mnFolder, "個人番号届出書"
		switch s {
		case "人事":
		case "経理":
			folder, form = payFolder, "支払調書"
		default:
			continue
		}
		mn := root.add(folder, true)
		mn.closed = true
		for i := range max(8, files/4) {
			mn.add(fmt.Sprintf("%s_%04d%s", form, 1001+i*3, []string{".pdf", ".xlsx"}[i%2]), false)
		}
	}
}

// pick returns a free node below from that ok accepts, or nil.
func (w *server) pick(from *node, t int64, ok func(*node) bool) *node {
	var found *node
	n := 0
	from.walk(func(k *node) bool {
		if k.busy <= t && ok(k) && !inClosed(k) {
			if n++; w.rng.IntN(n) == 0 {
				found = k
			}
		}
		return true
	})
	return found
}

func inClosed(n *node) bool {
	for ; n != nil; n = n.parent {
		if n.closed {
			return true
		}
	}
	return false
}

// closedFiles are the free files in the folders that only few may enter, of
// the department (mine) or of the others.
func (w *server) closedFiles(dept string, mine bool, t int64) (l []*node) {
	for _, r := range w.roots {
		for _, k := range r.kids {
			if !k.closed || (r.name == dept) != mine {
				continue
			}
			for _, f := range k.kids {
				if f.busy <= t {
					l = append(l, f)
				}
			}
		}
	}
	return l
}

// archive is the share that may only be read, or nil.
func (w *server) archive() *node {
	for _, r := range w.roots {
		if r.low {
			return r
		}
	}
	return nil
}

func isFile(n *node) bool { return !n.dir }
func isDir(n *node) bool  { return n.dir }

func hasExt(exts ...string) func(*node) bool {
	return func(n *node) bool {
		for _, e := range exts {
			if !n.dir && strings.HasSuffix(n.name, e) {
				return true
			}
		}
		return false
	}
}
