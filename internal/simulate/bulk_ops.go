package simulate

import "github.com/akashi-audit/akashi/internal/record"

// What an operation of Bulk is done to.
const (
	aboutFile = iota
	aboutFolder
	aboutNothing // no path of a share
)

// bulkOp is one kind of record that Bulk makes.
type bulkOp struct {
	op         record.Op
	n          int // in 1,024
	rule       string
	confidence record.Confidence
	object     record.Object
	kind       int
	lasting    bool // has a length
	events     int  // most raw events behind it, at most 6
	text       string
	detail     []record.Pair
}

// length is how long the act took in ns: mostly some milliseconds, sometimes
// half a minute, and nothing at all for a third.
func (o *bulkOp) length(x uint64) int64 {
	if !o.lasting || x>>34&3 == 0 {
		return 0
	}
	x = mix(x)
	return 100 * int64(1<<(12+x&15)|x>>8&(1<<(12+x&15)-1))
}

var bulkOps = [...]bulkOp{
	{op: record.OpRead, n: 468, rule: "X1", confidence: record.Certain, object: record.ObjectFile, lasting: true, events: 4},
	{op: record.OpRead, n: 92, rule: "X2", confidence: record.Inferred, object: record.ObjectFile, lasting: true, events: 2},
	{op: record.OpWrite, n: 140, rule: "W1", confidence: record.Certain, object: record.ObjectFile, lasting: true, events: 6},
	{op: record.OpWrite, n: 31, rule: "W2", confidence: record.Inferred, object: record.ObjectFile, lasting: true, events: 2},
	{op: record.OpCreate, n: 20, rule: "C1", confidence: record.Inferred, object: record.ObjectFile, lasting: true, events: 6},
	{op: record.OpDelete, n: 24, rule: "D1", confidence: record.Certain, object: record.ObjectFile, events: 5},
	{op: record.OpRename, n: 13, rule: "R1", confidence: record.Inferred, object: record.ObjectFile, events: 6},
	{op: record.OpMove, n: 8, rule: "R1", confidence: record.Inferred, object: record.ObjectFile, events: 6},
	{op: record.OpCopy, n: 6, rule: "K1", confidence: record.Inferred, object: record.ObjectFile, lasting: true, events: 6},
	{op: record.OpLink, n: 1, rule: "H1", confidence: record.Certain, object: record.ObjectFile, events: 2},
	{op: record.OpList, n: 112, rule: "B1", confidence: record.Certain, object: record.ObjectDirectory, kind: aboutFolder, lasting: true, events: 3},
	{op: record.OpExecute, n: 5, rule: "E1", confidence: record.Inferred, object: record.ObjectFile, lasting: true, events: 3},
	{op: record.OpSetAttributes, n: 22, rule: "A1", confidence: record.Certain, object: record.ObjectFile, events: 3},
	{op: record.OpSetPermissions, n: 3, rule: "P1", confidence: record.Certain, object: record.ObjectFile, events: 4, detail: []record.Pair{
		{Key: "new_sddl", Value: "D:AI(A;ID;FA;;;SY)(A;ID;0x1301bf;;;DU)"}, {Key: "old_sddl", Value: "D:AI(A;ID;FA;;;SY)(A;ID;FA;;;BA)"},
	}},
	{op: record.OpSetOwner, n: 1, rule: "P3", confidence: record.Inferred, object: record.ObjectFile, events: 2},
	{op: record.OpPrint, n: 9, rule: "T1", confidence: record.Certain, object: record.ObjectPrinter, kind: aboutNothing, events: 1, text: "見積書の控え.xlsx", detail: []record.Pair{
		{Key: "pages", Value: "3"}, {Key: "printer", Value: "複合機-本社2F"},
	}},
	{op: record.OpLogon, n: 31, rule: "L1", confidence: record.Certain, object: record.ObjectSession, kind: aboutNothing, events: 1, detail: []record.Pair{
		{Key: "authentication", Value: "Kerberos"}, {Key: "logon_type", Value: "3"},
	}},
	{op: record.OpLogoff, n: 31, rule: "L2", confidence: record.Certain, object: record.ObjectSession, kind: aboutNothing, events: 1, detail: []record.Pair{
		{Key: "logon_type", Value: "3"},
	}},
	{op: record.OpLogonFailed, n: 4, rule: "L3", confidence: record.Certain, object: record.ObjectSession, kind: aboutNothing, events: 1, detail: []record.Pair{
		{Key: "logon_type", Value: "3"}, {Key: "reason", Value: "wrong_password"},
	}},
	{op: record.OpShareChanged, n: 1, rule: "V5", confidence: record.Certain, object: record.ObjectShare, kind: aboutNothing, events: 1, text: `D:\Shares\総務部`},
	{op: record.OpDeviceConnected, n: 1, rule: "T2", confidence: record.Certain, object: record.ObjectDevice, kind: aboutNothing, events: 1, text: "USB Flash Drive"},
	{op: record.OpAccountChanged, n: 1, rule: "G1", confidence: record.Certain, object: record.ObjectAccount, kind: aboutNothing, events: 2, text: `KANSAI\guest01`},
}

var refusals = [...][]record.Pair{
	{{Key: "mask", Value: "0x120089"}},
	{{Key: "mask", Value: "0x130197"}},
	{{Key: "denied_rights", Value: "write"}, {Key: "mask", Value: "0x120196"}},
	{{Key: "mask", Value: "0x110080"}},
}

var bulkPrograms = [...]string{
	antivirus, antivirus, `C:\Windows\System32\SearchIndexer.exe`, `C:\Windows\System32\wbengine.exe`,
	notepad, `C:\Windows\explorer.exe`, `C:\Windows\System32\Robocopy.exe`, `C:\Windows\System32\cmd.exe`,
}
