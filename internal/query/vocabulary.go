package query

// synonym is another way to write a value.
type synonym struct{ word, value string }

// words are the ways to write the values of a key beside their own text, folded.
// They hold the words of the pages (a test compares them) and a few more that
// people type. The table stands here and not with a caller, so that a text means
// the same in every language of the program.
func (k Key) words() []synonym {
	switch k {
	case KeyOp:
		return opWords[:]
	case KeyResult:
		return resultWords[:]
	case KeyObject:
		return objectWords[:]
	case KeyConfidence:
		return confidenceWords[:]
	case KeyClass:
		return classWords[:]
	case KeyLogons:
		return logonsWords[:]
	case KeySuperseded, KeyRemoved:
		return supersededWords[:]
	case KeySort:
		return sortWords[:]
	}
	return nil
}

var opWords = [...]synonym{
	{"読取", "read"}, {"読み取り", "read"}, {"閲覧", "read"}, {"参照", "read"},
	{"更新", "write"}, {"書込", "write"}, {"書き込み", "write"}, {"変更", "write"}, {"保存", "write"},
	{"作成", "create"}, {"新規作成", "create"},
	{"削除", "delete"},
	{"名称変更", "rename"}, {"名前変更", "rename"}, {"名前の変更", "rename"}, {"改名", "rename"},
	{"移動", "move"},
	{"複製", "copy"}, {"コピー", "copy"}, {"複写", "copy"},
	{"リンク作成", "link"},
	{"一覧表示", "list"}, {"一覧", "list"},
	{"実行", "execute"},
	{"属性変更", "set_attributes"},
	{"権限変更", "set_permissions"}, {"アクセス権変更", "set_permissions"},
	{"所有者変更", "set_owner"},
	{"監査設定変更", "set_audit"},
	{"印刷", "print"},
	{"ログオン", "logon"}, {"ログイン", "logon"},
	{"ログオフ", "logoff"}, {"ログアウト", "logoff"},
	{"ログオン失敗", "logon_failed"}, {"ログイン失敗", "logon_failed"},
	{"共有の変更", "share_changed"},
	{"機器の接続", "device_connected"},
	{"機器の取り外し", "device_removed"},
	{"アカウント変更", "account_changed"},
	{"グループ変更", "group_changed"},
	{"監査ポリシー変更", "audit_policy_changed"},
	{"時刻の変更", "time_changed"},
	{"ログの消去", "log_cleared"},
	{"記録の消失", "records_lost"}, {"記録の欠落", "records_lost"},
	{"起動", "boot"},
	{"シャットダウン", "shutdown"},
	{"ウイルス検出", "virus_found"},
	{"電源", "power"},
}

var resultWords = [...]synonym{{"成功", "success"}, {"拒否", "denied"}, {"失敗", "failure"}}

var objectWords = [...]synonym{
	{"ファイル", "file"}, {"フォルダー", "directory"}, {"フォルダ", "directory"}, {"folder", "directory"}, {"共有", "share"},
	{"プリンター", "printer"}, {"プリンタ", "printer"}, {"セッション", "session"}, {"機器", "device"}, {"アカウント", "account"},
	{"ポリシー", "policy"}, {"システム", "system"},
}

var confidenceWords = [...]synonym{{"確定", "certain"}, {"推定", "inferred"}}

var classWords = [...]synonym{
	{"人の操作", "user"}, {"人", "user"}, {"背景の動作", "background"}, {"背景", "background"}, {"システム", "system"},
	{"すべて", "all"}, {"全て", "all"},
}

var logonsWords = [...]synonym{{"表示", "shown"}, {"非表示", "hidden"}}

var supersededWords = [...]synonym{{"はい", "yes"}, {"いいえ", "no"}}

var sortWords = [...]synonym{{"新しい順", "newest"}, {"古い順", "oldest"}}
