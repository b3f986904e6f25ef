package convert

import (
	"strconv"
	"strings"
)

// auditNames are the audit subcategories as auditpol names them in English, by
// the first eight digits of their GUIDs, in order ([MS-GPAC] 2.2.1.2; from
// firstAuditName on without a gap).
var auditNames = [...]string{
	"Security State Change",                  // 0CCE9210
	"Security System Extension",              // 0CCE9211
	"System Integrity",                       // 0CCE9212
	"IPsec Driver",                           // 0CCE9213
	"Other System Events",                    // 0CCE9214
	"Logon",                                  // 0CCE9215
	"Logoff",                                 // 0CCE9216
	"Account Lockout",                        // 0CCE9217
	"IPsec Main Mode",                        // 0CCE9218
	"IPsec Quick Mode",                       // 0CCE9219
	"IPsec Extended Mode",                    // 0CCE921A
	"Special Logon",                          // 0CCE921B
	"Other Logon/Logoff Events",              // 0CCE921C
	"File System",                            // 0CCE921D
	"Registry",                               // 0CCE921E
	"Kernel Object",                          // 0CCE921F
	"SAM",                                    // 0CCE9220
	"Certification Services",                 // 0CCE9221
	"Application Generated",                  // 0CCE9222
	"Handle Manipulation",                    // 0CCE9223
	"File Share",                             // 0CCE9224
	"Filtering Platform Packet Drop",         // 0CCE9225
	"Filtering Platform Connection",          // 0CCE9226
	"Other Object Access Events",             // 0CCE9227
	"Sensitive Privilege Use",                // 0CCE9228
	"Non Sensitive Privilege Use",            // 0CCE9229
	"Other Privilege Use Events",             // 0CCE922A
	"Process Creation",                       // 0CCE922B
	"Process Termination",                    // 0CCE922C
	"DPAPI Activity",                         // 0CCE922D
	"RPC Events",                             // 0CCE922E
	"Audit Policy Change",                    // 0CCE922F
	"Authentication Policy Change",           // 0CCE9230
	"Authorization Policy Change",            // 0CCE9231
	"MPSSVC Rule-Level Policy Change",        // 0CCE9232
	"Filtering Platform Policy Change",       // 0CCE9233
	"Other Policy Change Events",             // 0CCE9234
	"User Account Management",                // 0CCE9235
	"Computer Account Management",            // 0CCE9236
	"Security Group Management",              // 0CCE9237
	"Distribution Group Management",          // 0CCE9238
	"Application Group Management",           // 0CCE9239
	"Other Account Management Events",        // 0CCE923A
	"Directory Service Access",               // 0CCE923B
	"Directory Service Changes",              // 0CCE923C
	"Directory Service Replication",          // 0CCE923D
	"Detailed Directory Service Replication", // 0CCE923E
	"Credential Validation",                  // 0CCE923F
	"Kerberos Service Ticket Operations",     // 0CCE9240
	"Other Account Logon Events",             // 0CCE9241
	"Kerberos Authentication Service",        // 0CCE9242
	"Network Policy Server",                  // 0CCE9243
	"Detailed File Share",                    // 0CCE9244
	"Removable Storage",                      // 0CCE9245
	"Central Policy Staging",                 // 0CCE9246
	"User / Device Claims",                   // 0CCE9247
	"Plug and Play Events",                   // 0CCE9248
	"Group Membership",                       // 0CCE9249
	"Token Right Adjusted Events",            // 0CCE924A
}

const (
	firstAuditName = 0x0CCE9210
	auditGuidTail  = "-69AE-11D9-BED3-505054503030"
)

// auditName is the name of the subcategory with this GUID, or "".
func auditName(guid string) string {
	g := strings.ToUpper(strings.Trim(guid, "{}"))
	if len(g) != 36 || g[8:] != auditGuidTail {
		return ""
	}
	n, ok := parseHex(g[:8])
	if !ok || n < firstAuditName || n-firstAuditName >= uint64(len(auditNames)) {
		return ""
	}
	return auditNames[n-firstAuditName]
}

// parseHex reads a hexadecimal number of at most 16 digits.
func parseHex(s string) (uint64, bool) {
	n, err := strconv.ParseUint(s, 16, 64)
	return n, err == nil
}
