package query

// Key is a kind of condition or setting of the text language.
type Key uint8

// The keys. The first ones are conditions and come in the order in which Text
// prints them; the rest are settings, of which each is said once.
const (
	keyNone Key = iota // a bare word
	KeyUser
	KeyOp
	KeyPath
	KeyFile
	KeyFolder
	KeyResult
	KeyObject
	KeyConfidence
	KeyClient
	KeyServer
	KeyProcess
	KeyRule
	KeySession
	KeyClass
	KeyFrom
	KeyTo
	KeyLast
	KeyDay
	KeyLogons
	KeySuperseded
	KeyRemoved
	KeySort
	KeyLimit
)

// keyNames are the names of each key, folded: the first is printed, all are
// understood. The words of pages and columns are among them.
var keyNames = [...][]string{
	KeyUser:       {"user", "利用者", "人", "ユーザー", "ユーザ", "担当者"},
	KeyOp:         {"op", "操作", "operation"},
	KeyPath:       {"path", "パス"},
	KeyFile:       {"file", "ファイル"},
	KeyFolder:     {"folder", "フォルダー", "フォルダ"},
	KeyResult:     {"result", "結果"},
	KeyObject:     {"object", "対象", "対象の種類"},
	KeyConfidence: {"confidence", "確度"},
	KeyClient:     {"client", "端末", "端末名", "端末アドレス"},
	KeyServer:     {"server", "サーバー", "サーバ"},
	KeyProcess:    {"process", "プロセス", "プログラム"},
	KeyRule:       {"rule", "規則"},
	KeySession:    {"session", "ログオンid", "セッション"},
	KeyClass:      {"class", "分類", "区分"},
	KeyFrom:       {"from", "開始", "開始日"},
	KeyTo:         {"to", "終了", "終了日"},
	KeyLast:       {"last", "期間", "直近"},
	KeyDay:        {"day", "日", "日付"},
	KeyLogons:     {"logons", "ネットワークログオン"},
	KeySuperseded: {"superseded", "以前の記録"},
	KeyRemoved:    {"removed", "外した記録"},
	KeySort:       {"sort", "並び順", "順"},
	KeyLimit:      {"limit", "件数"},
}

// Keys lists the keys in the order in which Text prints them.
func Keys() []Key {
	l := make([]Key, 0, len(keyNames))
	for k := KeyUser; int(k) < len(keyNames); k++ {
		l = append(l, k)
	}
	return l
}

// String is the name that Text prints.
func (k Key) String() string {
	if names := k.Names(); len(names) > 0 {
		return names[0]
	}
	return ""
}

// Names lists every name that Parse understands, the printed one first.
func (k Key) Names() []string {
	if int(k) >= len(keyNames) {
		return nil
	}
	return keyNames[k]
}

// parseKey finds the key with this name, folded.
func parseKey(name string) (Key, bool) {
	name = Fold(name)
	for k, names := range keyNames {
		for _, n := range names {
			if n == name {
				return Key(k), true
			}
		}
	}
	return keyNone, false
}

// condition reports whether the key takes a list of values and can be excluded.
func (k Key) condition() bool { return k >= KeyUser && k <= KeyClass }

// texts is the list of the key's plain values, nil when they are none.
func (x *Exclusion) texts(k Key) *[]string {
	switch k {
	case KeyUser:
		return &x.Users
	case KeyPath:
		return &x.Paths
	case KeyFile:
		return &x.Files
	case KeyFolder:
		return &x.Folders
	case KeyClient:
		return &x.Clients
	case KeyServer:
		return &x.Servers
	case KeyProcess:
		return &x.Processes
	case KeyRule:
		return &x.Rules
	}
	return nil
}

// wanted is the conditions of the query, its words and classes as they are.
func (q *Query) wanted() Exclusion {
	return Exclusion{
		Users: q.Users, Paths: q.Paths, Files: q.Files, Folders: q.Folders, Ops: q.Ops, Results: q.Results,
		Objects: q.Objects, Confidences: q.Confidences, Clients: q.Clients, Servers: q.Servers,
		Processes: q.Processes, Rules: q.Rules, Sessions: q.Sessions, Classes: q.Classes,
	}
}

// want is the inverse of wanted.
func (q *Query) want(x Exclusion) {
	q.Users, q.Paths, q.Files, q.Folders, q.Ops, q.Results = x.Users, x.Paths, x.Files, x.Folders, x.Ops, x.Results
	q.Objects, q.Confidences, q.Clients, q.Servers = x.Objects, x.Confidences, x.Clients, x.Servers
	q.Processes, q.Rules, q.Sessions, q.Classes = x.Processes, x.Rules, x.Sessions, x.Classes
}
