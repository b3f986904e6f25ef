package convert

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/record"
)

// TestRealEvents: what real samples of sections 3.3 to 3.6 give. The same rules
// are tested on the project's own events in power_test.go, device_test.go,
// defender_test.go, smbserver_test.go and account_test.go.
func TestRealEvents(t *testing.T) {
	const corpus = "../../../shared/corpus"
	if _, err := os.Stat(corpus); err != nil {
		t.Skip("the shared samples are not here")
	}
	f := func(file string, ops []record.Op, detail []string, want ...string) {
		t.Helper()
		t.Run(file, func(t *testing.T) {
			t.Helper()
			var got []string
			for _, events := range loadEVTX(t, filepath.Join(corpus, file)) {
				for _, r := range convertAll(events) {
					if r.Class == record.ClassBackground || !slices.Contains(ops, r.Op) {
						continue
					}
					s := fmt.Sprint(r.Op, " ", r.Rule, " ", r.Class, " ", r.Result, " ", r.User, " ", r.Path, " ", len(r.RawIDs))
					for _, d := range detail {
						s += " " + d + "=" + r.Get(d)
					}
					got = append(got, s)
				}
			}
			slices.Sort(got)
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("records (-want +got):\n%s", d)
			}
		})
	}
	f("policy-time-device/ID4616-system_time_changed.evtx", []record.Op{record.OpTimeChanged, record.OpRecordsLost}, []string{"old_time", "absent"},
		"records_lost V7 system success  Security 2 old_time= absent=108",
		`time_changed V4 system success NT AUTHORITY\LOCAL SERVICE  2 old_time=2021-11-24T15:48:05.0227853Z absent=`,
		`time_changed V4 system success NT AUTHORITY\LOCAL SERVICE  2 old_time=2021-11-27T15:47:00.4653855Z absent=`,
		`time_changed V4 user success OFFSEC\admmig  2 old_time=2021-11-24T15:47:00.3887639Z absent=`,
		`time_changed V4 user success OFFSEC\admmig  2 old_time=2021-11-24T15:48:33.0847915Z absent=`)
	f("defender/ID1116-1117-Defender_threat_detected.evtx", []record.Op{record.OpVirusFound, record.OpRecordsLost}, []string{"threat", "action", "lost"},
		"records_lost V6 system success  Microsoft-Windows-Windows Defender/Operational 2 threat= action= lost=1",
		`virus_found M1 user success OFFSEC\admmig C:\Users\admmig\Documents\mimidrv.sys 2 threat=HackTool:Win64/Mikatz!dha action=Not Applicable lost=`,
		`virus_found M1 user success OFFSEC\admmig C:\Users\admmig\Documents\mimikatz.exe 4 threat=HackTool:Win32/Mimikatz.D action=Quarantine lost=`)
	f("account-group/ID4738-Do_not_require_Kerberos_preauthentication.evtx", []record.Op{record.OpAccountChanged}, []string{"changed", "account_control"},
		`account_changed G1 user success OFFSEC\admmig OFFSEC\hack1 1 changed=UserAccountControl account_control=+no Kerberos pre-authentication`,
		`account_changed G1 user success OFFSEC\admmig OFFSEC\hack1 1 changed=UserAccountControl account_control=-no Kerberos pre-authentication`)
	f("log-cleared/ID4625-OpenSSH_brutforce_with_non_existing_users.evtx", []record.Op{record.OpLogonFailed}, []string{"reason"},
		slices.Repeat([]string{`logon_failed L3 user failure FS01\NOUSER  2 reason=no such user`}, 5)...)
	f("policy-time-device/ID4674_6416_New_external_device_connected_PrintNightmare_.evtx", []record.Op{record.OpRecordsLost}, []string{"lost"},
		"records_lost V6 system success  Security 2 lost=32")
}
