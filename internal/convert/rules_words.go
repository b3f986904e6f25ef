package convert

// Words is one text in the languages of the product.
type Words struct{ En, Ja string }

// Proof says what a record of a rule proves, what it cannot prove and what
// would have made it certain (empty for rules that are certain at best).
type Proof struct{ Can, Cannot, Better Words }

// ProofOf returns the words for a rule id of Rules; ok is false for another id.
func ProofOf(id string) (p Proof, ok bool) {
	for i := range proofTable {
		for _, r := range proofTable[i].rules {
			if r == id {
				return proofTable[i].Proof, true
			}
		}
	}
	return Proof{}, false
}

var needAccess = Words{"File System auditing with a SACL on the folder: 4663 tells which right was used, 4660 that the object was deleted.",
	"フォルダーの SACL とファイル システムの監査。4663 は使われた権利を、4660 は削除を記録します。"}

var needDelete = Words{"A 4660 for the same handle: a SACL that audits Delete on the object itself.",
	"同じハンドルの 4660（対象自身の「削除」を監査する SACL）。"}

// proofTable follows windows-events.md sections 3, 6, 11 and 13.
var proofTable = [...]struct {
	rules []string
	Proof
}{
	{[]string{"X1"}, Proof{
		Words{"A program of this session read data of the file (4663, 0x1).", "このセッションのプログラムがファイルのデータを読み取りました（4663、0x1）。"},
		Words{"That a person looked at it; how much was read; whether it was copied, mailed or photographed. Previews and scanners read too.",
			"人が見たこと、読み取った量、コピー・送信・撮影の有無。プレビューや検査ソフトも読み取ります。"}, Words{}}},
	{[]string{"X2", "W2", "A2", "B4"}, Proof{
		Words{"This access was asked for at the share, and the share's permissions granted it (5145).", "共有でこのアクセスが要求され、共有のアクセス許可はそれを認めました（5145）。"},
		Words{"That it happened: the file's own permissions may have refused it, and the program may have asked for more than it used.",
			"実行されたこと。ファイル自体のアクセス許可で拒否された場合や、要求した権利を使わなかった場合もあります。"}, needAccess}},
	{[]string{"D1"}, Proof{
		Words{"The object behind this handle was deleted (4660).", "このハンドルの対象が削除されました（4660）。"},
		Words{"The name by itself: 4660 carries none, it comes from the event that opened the same handle. Nor that a person meant it.",
			"名前そのもの（4660 に名前はなく、同じハンドルを開いたイベントから得ています）。人の意図も分かりません。"}, Words{}}},
	{[]string{"D2"}, Proof{
		Words{"The right to delete a child of the folder was used (4663, 0x40).", "フォルダー内の項目を削除する権利が使われました（4663、0x40）。"},
		Words{"Which child was deleted, and that the deletion succeeded.", "どの項目か、また削除が成功したか。"}, needDelete}},
	{[]string{"D3"}, Proof{
		Words{"The file was opened so that closing deletes it (4659).", "閉じるときに削除する指定で開かれました（4659）。"},
		Words{"That it was deleted: the mark can be taken back before closing.", "削除されたこと（閉じる前に取り消せます）。"}, needDelete}},
	{[]string{"D4"}, Proof{
		Words{"The right to delete was used and a name appeared in the Recycle Bin.", "削除の権利が使われ、ごみ箱に名前が現れました。"},
		Words{"That the data is gone: it can be restored.", "データが失われたこと（元に戻せます）。"},
		Words{"Nothing: Windows logs no event of its own for it.", "ありません（Windows は専用のイベントを記録しません）。"}}},
	{[]string{"D5"}, Proof{
		Words{"The right to delete was asked for over the share (5145), and no new name was seen.", "共有経由で削除の権利が要求され（5145）、新しい名前は現れませんでした。"},
		Words{"That the file was deleted: a rename asks for the same right.", "削除されたこと（名前の変更も同じ権利を要求します）。"}, needDelete}},
	{[]string{"D6"}, Proof{
		Words{"The right DELETE was used (4663, 0x10000) and record ids are missing before the handle was closed.",
			"DELETE の権利が使われ（4663、0x10000）、ハンドルが閉じられるまでのレコード番号に欠番があります。"},
		Words{"That it was a deletion: a rename uses the same right. What would tell them apart is lost.",
			"削除だったこと（名前の変更も同じ権利を使います。区別できるイベントは失われています）。"},
		Words{"The lost events: a larger Security log, or collecting it more often.", "失われたイベント（Security ログの容量を増やす、または収集の間隔を短くする）。"}}},
	{[]string{"R1", "R2"}, Proof{
		Words{"The right DELETE was used and the log shows no deletion (4663 0x10000 without 4660): so the object was renamed or moved.",
			"DELETE の権利が使われ、削除の記録がありません（4663 0x10000、4660 なし）。名前の変更または移動です。"},
		Words{"The new name: no event states it. It is concluded from the name that appeared next, and may be unknown.",
			"新しい名前。どのイベントにも記録されず、直後に現れた名前から推定します（不明のこともあります）。"},
		Words{"An audited open of the target right afterwards; Windows has no event with both names.", "直後に新しい名前で開いた監査記録。両方の名前を持つイベントは Windows にありません。"}}},
	{[]string{"P1", "P4"}, Proof{
		Words{"The security descriptor was changed; the event holds the old and the new one.", "セキュリティ記述子が変更されました（変更前後の内容がイベントにあります）。"},
		Words{"What children inherit from it, and whether someone used the new rights.", "下位への継承の結果と、新しい権利が使われたか。"}, Words{}}},
	{[]string{"P2", "P3"}, Proof{
		Words{"The right to change permissions or owner was used or asked for.", "アクセス許可または所有者を変更する権利が使われた、または要求されました。"},
		Words{"That something changed, and what.", "実際に変更されたか、その内容。"},
		Words{"A 4670: Authorization Policy Change auditing.", "4670（承認ポリシーの変更の監査）。"}}},
	{[]string{"C1", "C2", "C3"}, Proof{
		Words{"A path that the log had not shown until then was written or a name was added to its folder.", "それまでログになかったパスが書き込まれた、またはフォルダーに名前が追加されました。"},
		Words{"That it did not exist before the log began: Windows does not tell create from overwrite.", "ログの開始前に存在しなかったこと（Windows は作成と上書きを区別しません）。"},
		Words{"A list of the folder's files from before.", "事前のファイル一覧。"}}},
	{[]string{"W1", "A1"}, Proof{
		Words{"The right to write data or attributes was used (4663). With an opening time, the owner file of the editing program stood from that read to the write.", "データまたは属性を書き込む権利が使われました（4663）。開いた時刻がある場合は、その読み取りから書き込みまで編集プログラムの所有者ファイルがありました。"},
		Words{"What changed and how much: the same bytes may have been written again.", "変更の内容と量（同じ内容の書き直しもあり得ます）。"}, Words{}}},
	{[]string{"W3"}, Proof{
		Words{"A handle that was asked for writing was used to write attributes, and record ids are missing at that time.",
			"書き込みを要求したハンドルで属性が書き込まれ、その時間帯のレコード番号に欠番があります。"},
		Words{"That data was written: the event that would say so is lost.", "データが書き込まれたこと（それを示すイベントは失われています）。"},
		Words{"The lost events: a larger Security log, or collecting it more often.", "失われたイベント（Security ログの容量を増やす、または収集の間隔を短くする）。"}}},
	{[]string{"S1", "S2", "S3", "S4", "S5"}, Proof{
		Words{"The steps of a save by temporary file are in the log, in order; with an opening time, the owner file of the editing program stood from that read to the save.", "一時ファイル経由の保存の各手順が順番どおり記録されています。開いた時刻がある場合は、その読み取りから保存まで編集プログラムの所有者ファイルがありました。"},
		Words{"That the steps are one save of one program, and what changed.", "それらが一つの保存であること、変更の内容。"},
		Words{"Nothing: Windows logs files, not documents.", "ありません（Windows が記録するのは文書ではなくファイルの操作です）。"}}},
	{[]string{"K1", "K2"}, Proof{
		Words{"One session read one file and wrote another of the same name; for a move it also deleted the first.", "同じセッションが一方を読み、同名の他方を書き込みました（移動では元を削除）。"},
		Words{"That the content is the same. A copy to a place that is not audited looks like a read.", "内容が同じこと。監査されない場所へのコピーは読み取りに見えます。"},
		Words{"Nothing: Windows has no event for a copy.", "ありません（Windows にコピーのイベントはありません）。"}}},
	{[]string{"E1"}, Proof{
		Words{"The file was opened with the right to execute (4663, 0x20).", "実行の権利で開かれました（4663、0x20）。"},
		Words{"That it ran: Explorer opens programs for their icon.", "実行されたこと（アイコン表示のためにも開かれます）。"},
		Words{"A 4688 on the machine that ran it.", "実行した端末の 4688。"}}},
	{[]string{"B1", "B2", "B3"}, Proof{
		Words{"A program read the content of the folder.", "プログラムがフォルダーの内容を読み取りました。"},
		Words{"That a person saw the list, or opened one of its files on purpose.", "人が一覧を見たこと、ファイルを意図して開いたこと。"},
		Words{"Nothing: a preview and an opening read alike.", "ありません（プレビューと閲覧は同じ読み取りです）。"}}},
	{[]string{"H1"}, Proof{
		Words{"A hard link was created (4664 holds both names).", "ハードリンクが作成されました（4664 に両方の名前があります）。"},
		Words{"Which name was used afterwards.", "その後どちらの名前が使われたか。"}, Words{}}},
	{[]string{"F1", "F2", "F3"}, Proof{
		Words{"Windows refused the access that was asked for.", "要求されたアクセスを Windows が拒否しました。"},
		Words{"That a person tried it: programs ask for more than they need and try again with less.", "人が試みたこと（プログラムは必要以上の権利を要求し、減らして再試行します）。"}, Words{}}},
	{[]string{"L1", "L2", "L3", "L4", "L5", "L6"}, Proof{
		Words{"A session of this account began or ended, or was refused.", "このアカウントのセッションが開始・終了した、または拒否されました。"},
		Words{"Who sat there; behind NAT, a terminal server or a shared account the address and name are those of the one in between.",
			"実際に操作した人。NAT、ターミナル サーバー、共有アカウントでは中継側のアドレスと名前になります。"}, Words{}}},
	{[]string{"V1", "V2"}, Proof{
		Words{"The log service says that events are gone.", "ログ サービスがイベントの消失を記録しました。"},
		Words{"What the lost events held.", "失われたイベントの内容。"}, Words{}}},
	{[]string{"V3", "V4", "V5", "G1", "G2", "Y1", "Y2", "Y3", "Y4", "Y5"}, Proof{
		Words{"Windows logged this change or state itself.", "Windows 自身がこの変更または状態を記録しました。"},
		Words{"Why it was done, and who used the account.", "理由と、アカウントを実際に使った人。"}, Words{}}},
	{[]string{"T1", "T2", "T3"}, Proof{
		Words{"The print server finished the job, or Windows found the device or lost it.", "プリント サーバーがジョブを完了した、または Windows がデバイスの接続か取り外しを認識しました。"},
		Words{"What stood on the paper, or what was copied to the device.", "印刷の内容、デバイスへコピーされた内容。"}, Words{}}},
	{[]string{"V6"}, Proof{
		Words{"Events of these ids were written by Windows and are not among those that were given.", "この ID のイベントは Windows が記録しましたが、取り込まれた中にありません。"},
		Words{"Why: they may have been overwritten, cut off, deleted, or stand in a file that was not given. Nor what they held.",
			"理由（上書き、切り捨て、削除、または未取り込みのファイルにある場合があります）と、その内容。"}, Words{}}},
	{[]string{"V7"}, Proof{
		Words{"Ids are missing in front of every tenth event or more.", "10 件に 1 件以上の割合で、直前の ID が欠けています。"},
		Words{"Whether events were lost besides those that the filter left out.", "絞り込みで除かれた以外に失われたイベントがあるか。"},
		Words{"The whole log, exported without a filter.", "絞り込みなしで出力したログ全体。"}}},
	{[]string{"V8"}, Proof{
		Words{"Windows saved the full log as a file and began an empty one.", "Windows がいっぱいになったログをファイルに保存し、空のログを始めました。"},
		Words{"That the file still exists and was given.", "そのファイルが残っていて、取り込まれていること。"}, Words{}}},
	{[]string{"T4"}, Proof{
		Words{"The print server gave the job up with an error.", "プリント サーバーがエラーでジョブを中止しました。"},
		Words{"How much stood on paper by then.", "それまでにどこまで紙に印刷されたか。"}, Words{}}},
	{[]string{"M1"}, Proof{
		Words{"Windows Defender took this file for malware, and what it did.", "Windows Defender がこのファイルをマルウェアと判定したことと、その対処。"},
		Words{"That it is malware, or that it was run.", "実際にマルウェアであること、実行されたこと。"}, Words{}}},
	{[]string{"Z1"}, Proof{
		Words{"akashi.toml held other values when akashi read it than the time before; conversions from then on use the new ones.", "akashi が読み込んだ時点で akashi.toml の値が前回と異なっていました。以後の変換は新しい値で行われます。"},
		Words{"Who changed the file, and at what moment before it was read.", "誰が、読み込みまでのどの時点で変更したか。"}, Words{}}},
}
