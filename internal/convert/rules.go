package convert

import "github.com/akashi-audit/akashi/internal/record"

// RulesVersion numbers the rule table. It changes when the same events would
// give other records.
const RulesVersion = 2

// Rule is one row of the table: what a record with this rule id means, how
// certain it can be at best and where the rule comes from.
type Rule struct {
	ID         string
	Op         record.Op         // the usual operation
	Confidence record.Confidence // certain: the log says so; a single record may still be inferred
	Source     string            // section of windows-events.md
	En, Ja     string            // the rule in words
}

type ruleID uint8

const (
	ruleNone ruleID = iota
	ruleD1
	ruleD2
	ruleD3
	ruleD4
	ruleD5
	ruleD6
	ruleR1
	ruleR2
	ruleP1
	ruleP2
	ruleP3
	ruleP4
	ruleC1
	ruleC2
	ruleC3
	ruleW1
	ruleW2
	ruleW3
	ruleA1
	ruleA2
	ruleE1
	ruleB1
	ruleB2
	ruleB3
	ruleB4
	ruleX1
	ruleX2
	ruleK1
	ruleK2
	ruleH1
	ruleS1
	ruleS2
	ruleS3
	ruleS4
	ruleS5
	ruleF1
	ruleF2
	ruleL1
	ruleL2
	ruleL3
	ruleV1
	ruleV2
	ruleV3
	ruleV4
	ruleV5
	ruleG1
	ruleG2
	ruleT1
	ruleT2
	ruleY1
	ruleY2
	ruleY3
	ruleY4
	ruleV6
	ruleV7
	ruleV8
	ruleY5
	ruleT3
	ruleT4
	ruleM1
	ruleZ1
	ruleL4
	ruleL5
	ruleL6
	ruleF3
	numRules
)

const (
	certain  = record.Certain
	inferred = record.Inferred
)

// ruleTable is the one table of rules; nothing else names a rule.
var ruleTable = [numRules]Rule{
	ruleNone: {},
	ruleD1: {"D1", record.OpDelete, certain, "6", "The object behind this handle was deleted (4660).",
		"このハンドルの対象が削除された（4660）。"},
	ruleD2: {"D2", record.OpDelete, inferred, "6", "The right to delete a child of this folder was used (4663, 0x40).",
		"フォルダー内の項目を削除する権限が使われた（4663、0x40）。"},
	ruleD3: {"D3", record.OpDelete, inferred, "6", "The file was opened to be deleted on closing (4659) and not opened again.",
		"閉じるときに削除する指定で開かれ（4659）、その後開かれていない。"},
	ruleD4: {"D4", record.OpDelete, inferred, "7.2", "The object was renamed into the Recycle Bin.",
		"ごみ箱へ移された。"},
	ruleD5: {"D5", record.OpDelete, inferred, "6", "The right to delete was asked for over the share and no new name appeared; the log shows requests only.",
		"共有経由で削除の権限が要求され、新しい名前は現れなかった（要求のみの記録）。"},
	ruleD6: {"D6", record.OpDelete, inferred, "12", "DELETE was used, events are missing right after it, and no new name appeared anywhere.",
		"削除の権限が使われ、その直後のイベントが欠けており、新しい名前はどこにも現れなかった。"},
	ruleR1: {"R1", record.OpRename, inferred, "6", "DELETE was used without deletion, and at the same time a name was added to a folder.",
		"削除の権限が使われたが削除はされず、同時にフォルダーへ名前が追加された。"},
	ruleR2: {"R2", record.OpRename, inferred, "6", "DELETE was used without deletion; the target is the next unknown name that was opened, or unknown.",
		"削除の権限が使われたが削除はされていない。新しい名前は直後に開かれた未知の名前、または不明。"},
	ruleP1: {"P1", record.OpSetPermissions, certain, "6", "The permissions were changed (4670).",
		"アクセス許可が変更された（4670）。"},
	ruleP2: {"P2", record.OpSetPermissions, inferred, "6", "The right to change permissions was used or asked for; the change itself is not in the log.",
		"アクセス許可を変更する権限が使われた、または要求された（変更内容の記録はない）。"},
	ruleP3: {"P3", record.OpSetOwner, inferred, "6", "The right to take ownership was used or asked for.",
		"所有者を変更する権限が使われた、または要求された。"},
	ruleP4: {"P4", record.OpSetAudit, certain, "3.1", "The audit settings of the object were changed (4907).",
		"対象の監査設定が変更された（4907）。"},
	ruleC1: {"C1", record.OpCreate, inferred, "6", "A name was added to the folder and a path unknown until then was written or opened.",
		"フォルダーへ名前が追加され、それまで未知のパスが書き込まれた、または開かれた。"},
	ruleC2: {"C2", record.OpCreate, inferred, "6", "A path unknown until then was written right after a probe whether it exists.",
		"存在確認の直後に、それまで未知のパスが書き込まれた。"},
	ruleC3: {"C3", record.OpCreate, inferred, "6", "A path unknown until then was written whose name is the one Explorer gives to a new item.",
		"それまで未知で、エクスプローラーが新規項目に付ける名前のパスが書き込まれた。"},
	ruleW1: {"W1", record.OpWrite, certain, "6", "Data was written or appended (4663, 0x2 or 0x4).",
		"データが書き込まれた、または追記された（4663、0x2・0x4）。"},
	ruleW2: {"W2", record.OpWrite, inferred, "6", "Writing was asked for over the share; the log does not say that it happened.",
		"共有経由で書き込みが要求された（実行の記録はない）。"},
	ruleW3: {"W3", record.OpWrite, inferred, "12", "Attributes were written through a handle opened for writing, and events are missing: the write is among them.",
		"書き込み用に開かれたハンドルで属性が書き込まれ、イベントが欠けている。書き込みの記録は失われた。"},
	ruleA1: {"A1", record.OpSetAttributes, certain, "6", "Attributes were written (4663, 0x100 or 0x10).",
		"属性が書き込まれた（4663、0x100・0x10）。"},
	ruleA2: {"A2", record.OpSetAttributes, inferred, "6", "Writing attributes was asked for over the share (5145).",
		"共有経由で属性の書き込みが要求された（5145）。"},
	ruleE1: {"E1", record.OpExecute, inferred, "6", "A program file was opened for execution (4663, 0x20).",
		"プログラムが実行のために開かれた（4663、0x20）。"},
	ruleB1: {"B1", record.OpList, certain, "6", "The folder's content was listed (4663, 0x1).",
		"フォルダーの内容が一覧された（4663、0x1）。"},
	ruleB2: {"B2", record.OpList, inferred, "8", "The folder was opened; the short reads of its files at the same moment are previews.",
		"フォルダーが開かれた。同時の短い読み取りはプレビューによるもの。"},
	ruleB3: {"B3", record.OpList, inferred, "8", "The folder was listed by the program that was changing something in it.",
		"フォルダー内を変更していたプログラムが一覧を読み直した。"},
	ruleB4: {"B4", record.OpList, inferred, "6", "Listing the folder was asked for over the share (5145). Repeats of a person within a minute are counted in one record; looks into its folders without a pause of 300 ms, and five or more folders below it in one go, are a program's and are counted too.",
		"共有経由でフォルダーの一覧が要求された（5145）。同じ人の 1 分以内の繰り返しは 1 件にまとめて数える。直下のフォルダーが 300 ミリ秒以内に続けて、または配下の 5 つ以上のフォルダーが 1 秒以上の間を置かずに一覧された場合は、プログラムによるものとして含めて数える。"},
	ruleX1: {"X1", record.OpRead, certain, "6", "Data was read by a program (4663, 0x1); not that a person looked at it.",
		"プログラムがデータを読み取った（4663、0x1）。人が見たことまでは示さない。"},
	ruleX2: {"X2", record.OpRead, inferred, "6", "Reading was asked for over the share (5145); the log does not say that it happened.",
		"共有経由で読み取りが要求された（5145、実行の記録はない）。"},
	ruleK1: {"K1", record.OpCopy, inferred, "6", "A file of the same name was written while the original was open for reading by the same session.",
		"同じセッションが元のファイルを読み取り中に、同名のファイルが書き込まれた。"},
	ruleK2: {"K2", record.OpMove, inferred, "6", "A copy, followed by the deletion of the original by the same session.",
		"コピーの後、同じセッションが元のファイルを削除した。"},
	ruleH1: {"H1", record.OpLink, certain, "3.1", "A hard link was created (4664).",
		"ハードリンクが作成された（4664）。"},
	ruleS1: {"S1", record.OpWrite, inferred, "6", "Saved through a temporary file: the old file was renamed away and the new one renamed to its name.",
		"一時ファイル経由の保存：元のファイルを別名にし、新しいファイルをその名前に変更した。"},
	ruleS2: {"S2", record.OpWrite, inferred, "6", "Saved anew: the old file was renamed away and a file of its name written.",
		"書き直しによる保存：元のファイルを別名にし、同名のファイルを書き込んだ。"},
	ruleS3: {"S3", record.OpWrite, inferred, "6", "Saved through a temporary file: the old file was deleted and the new one renamed to its name.",
		"一時ファイル経由の保存：元のファイルを削除し、新しいファイルをその名前に変更した。"},
	ruleS4: {"S4", record.OpCreate, inferred, "6", "A finished download got its name.",
		"ダウンロードが完了し、正式な名前になった。"},
	ruleS5: {"S5", record.OpWrite, inferred, "6", "Saved through a temporary file: the new file was renamed over the old one.",
		"一時ファイル経由の保存：新しいファイルの名前を変更し、元のファイルに上書きした。"},
	ruleF1: {"F1", record.OpRead, certain, "11", "Access to the object was refused by its permissions (4656, audit failure).",
		"対象のアクセス許可により拒否された（4656、監査失敗）。"},
	ruleF2: {"F2", record.OpRead, certain, "11", "Access was refused by the share's permissions (5145 or 5140, audit failure).",
		"共有のアクセス許可により拒否された（5145・5140、監査失敗）。"},
	ruleL1: {"L1", record.OpLogon, certain, "3.3", "A session began (4624).", "ログオンした（4624）。"},
	ruleL2: {"L2", record.OpLogoff, certain, "3.3", "A session ended (4634 or 4647).", "ログオフした（4634・4647）。"},
	ruleL3: {"L3", record.OpLogonFailed, certain, "3.3", "A logon was refused (4625, 4768, 4771 or 4776).",
		"ログオンに失敗した（4625・4768・4771・4776）。"},
	ruleV1: {"V1", record.OpLogCleared, certain, "3.5", "A log was cleared (1102 or 104).", "ログが消去された（1102・104）。"},
	ruleV2: {"V2", record.OpRecordsLost, certain, "3.5", "The log service reports lost events (1101, 1104 or 1108).",
		"ログ記録の消失が報告された（1101・1104・1108）。"},
	ruleV3: {"V3", record.OpAuditPolicyChanged, certain, "3.4", "The audit policy was changed (4719).", "監査ポリシーが変更された（4719）。"},
	ruleV4: {"V4", record.OpTimeChanged, certain, "3.4", "The clock was set (4616 or Kernel-General 1).",
		"システム時刻が変更された（4616・Kernel-General 1）。"},
	ruleV5: {"V5", record.OpShareChanged, certain, "3.2", "A share was added, changed or removed (5142, 5143 or 5144).",
		"共有が追加・変更・削除された（5142・5143・5144）。"},
	ruleG1: {"G1", record.OpAccountChanged, certain, "3.4", "An account was changed.", "アカウントが変更された。"},
	ruleG2: {"G2", record.OpGroupChanged, certain, "3.4", "A group was changed.", "グループが変更された。"},
	ruleT1: {"T1", record.OpPrint, certain, "3.6", "A document was printed (307).", "文書が印刷された（307）。"},
	ruleT2: {"T2", record.OpDeviceConnected, certain, "3.4", "A device was connected (6416, DriverFrameworks 2003 or Partition 1006).",
		"デバイスが接続された（6416・DriverFrameworks 2003・Partition 1006）。"},
	ruleY1: {"Y1", record.OpBoot, certain, "3.5", "The system or its auditing started.", "システムまたは監査が開始した。"},
	ruleY2: {"Y2", record.OpShutdown, certain, "3.5", "The system or its auditing stopped.", "システムまたは監査が停止した。"},
	ruleY3: {"Y3", record.OpShutdown, certain, "3.5", "The previous shutdown was unexpected (6008 or Kernel-Power 41).",
		"前回のシャットダウンは予期しないものだった（6008・Kernel-Power 41）。"},
	ruleY4: {"Y4", record.OpPower, certain, "3.5", "Power event of the system.", "電源に関するイベント。"},
	ruleV6: {"V6", record.OpRecordsLost, certain, "12", "Record ids are missing between two events of this channel.",
		"このチャネルの 2 つのイベントの間で、イベントのレコード ID が欠けている。"},
	ruleV7: {"V7", record.OpRecordsLost, inferred, "12", "Record ids are missing everywhere between the events: the log was exported with a filter, completeness cannot be judged.",
		"イベントの間のレコード ID が全体にわたって欠けている。絞り込んで出力されたログであり、欠測の有無は判断できない。"},
	ruleV8: {"V8", record.OpLogCleared, certain, "3.5", "The log was full: Windows made a file of it and began an empty one (1105).",
		"ログがいっぱいになり、ファイルに保存されて空のログが始まった（1105）。"},
	ruleY5: {"Y5", record.OpShutdown, certain, "3.5", "A shutdown or restart was asked for in this account's name (User32 1074).",
		"このアカウントの名前でシャットダウンまたは再起動が要求された（User32 1074）。"},
	ruleT3: {"T3", record.OpDeviceRemoved, certain, "3.6", "A device was removed (DriverFrameworks 2100 or 2102, Partition 1006 without capacity).",
		"デバイスが取り外された（DriverFrameworks 2100・2102、容量のない Partition 1006）。"},
	ruleT4: {"T4", record.OpPrint, certain, "3.6", "A document could not be printed (372, or 842 with an error).",
		"文書を印刷できなかった（372、またはエラー付きの 842）。"},
	ruleM1: {"M1", record.OpVirusFound, certain, "3.6", "Windows Defender found malware (1116) or acted on it (1117).",
		"Windows Defender がマルウェアを検出した（1116）、または対処した（1117）。"},
	ruleZ1: {"Z1", record.OpAuditPolicyChanged, certain, "8", "What counts as background activity was changed in akashi.toml.",
		"akashi.toml で背景の動作として扱う対象が変更された。"},
	ruleL4: {"L4", record.OpLogonFailed, certain, "3.6", "The file server refused a session (SMBServer 551 or 1009).",
		"ファイル サーバーがセッションを拒否した（SMBServer 551・1009）。"},
	ruleL5: {"L5", record.OpLogon, certain, "3.6", "A terminal session was logged on to or connected again (LocalSessionManager 21 or 25, 4778).",
		"ターミナル セッションにログオンした、または再接続した（LocalSessionManager 21・25、4778）。"},
	ruleL6: {"L6", record.OpLogoff, certain, "3.6", "A terminal session was logged off or disconnected (LocalSessionManager 23, 24, 39 or 40, 4779).",
		"ターミナル セッションからログオフした、または切断した（LocalSessionManager 23・24・39・40、4779）。"},
	ruleF3: {"F3", record.OpRead, certain, "11", "The file server refused access to the share (SMBServer 1006 or 1007).",
		"ファイル サーバーが共有へのアクセスを拒否した（SMBServer 1006・1007）。"},
}

// Rules returns the rule table, in its order.
func Rules() []Rule { return append([]Rule(nil), ruleTable[1:]...) }
