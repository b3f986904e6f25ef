package convert

import (
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// virusWindow is how long a finding waits for what was done about it.
const virusWindow = 600 * sec

// defender handles Windows Defender 1116 (malware found) and 1117 (action
// taken): M1 (section 3.6). Both, and repeats of the same finding, are one record.
func (c *Converter) defender(e *event.Event) {
	if e.ID != 1116 && e.ID != 1117 {
		c.unused(e, ReasonNoRule)
		return
	}
	now := tick(e.Time)
	threat, all := text(field(e, "Threat Name")), text(field(e, "Path"))
	path, kind := virusPath(all)
	key := fold(threat + "\x00" + path)
	a := c.s.Acts.get(c.s.Viruses[key])
	if a == nil || now-a.Time > virusWindow || a.Time-now > virusWindow {
		a = c.newAct(e, nil, record.OpVirusFound, ruleM1)
		a.Certain, a.Object, a.Path = true, record.ObjectFile, path
		a.Class = record.ClassUser
		if kind != "file" {
			a.Object = record.ObjectSystem
		} else if p := c.path(path); !p.Drop {
			a.Key = p.Key // for its share
		}
		if len(c.s.Viruses) >= 1024 {
			clear(c.s.Viruses)
		}
		c.s.Viruses[key] = a.Seq
		c.due(a, now+virusWindow)
	} else {
		c.evidence(a, e)
	}
	if user := text(field(e, "Detection User")); user != "" && a.User == "" {
		a.User = user
	}
	if p := text(field(e, "Process Name")); p != "" && !strings.EqualFold(p, "Unknown") && a.Process == "" {
		a.Process = p
	}
	a.fill("threat", threat)
	a.fill("severity", text(field(e, "Severity Name")))
	a.fill("category", text(field(e, "Category Name")))
	a.fill("detected", text(field(e, "Detection Time")))
	a.fill("source", text(field(e, "Source Name")))
	if kind != "file" {
		a.fill("kind", kind)
	}
	if all != "" && all != "file:_"+path {
		a.fill("paths", all)
	}
	if e.ID == 1117 || a.Get("action") == "" {
		a.detail("action", text(field(e, "Action Name")))
	}
	if e.ID != 1117 {
		return
	}
	a.detail("remediation_user", text(field(e, "Remediation User")))
	if n, ok := field(e, "Error Code").Number(); ok && n != 0 { // found, and not dealt with
		a.Result = record.Failure
		a.detail("error", "0x"+hex(n))
		a.detail("reason", strings.TrimSpace(text(field(e, "Error Description"))))
	}
}

// virusPath takes the first file out of the paths of a finding, which have a
// prefix and are joined by "; ": file:_C:\a.exe; containerfile:_C:\b.zip;
// webfile:_C:\c|http://x|pid:4,ProcessStart:5; regkey:_HKLM\… kind is the prefix
// of what was taken.
func virusPath(s string) (path, kind string) {
	rank := 0
	for p := range strings.SplitSeq(s, ";") {
		k, v, ok := strings.Cut(strings.TrimSpace(p), ":_")
		if !ok || v == "" {
			continue
		}
		k = strings.ToLower(k)
		r := 1
		switch k {
		case "file":
			r = 3
		case "containerfile", "webfile", "amsi":
			r = 2
		}
		if r <= rank {
			continue
		}
		if n := strings.Index(v, "->"); k == "file" && n > 0 {
			v = v[:n] // the part inside a container
		}
		if k == "webfile" {
			v, _, _ = strings.Cut(v, "|")
		}
		rank, path, kind = r, v, k
	}
	if rank == 0 {
		return strings.TrimSpace(s), "unknown"
	}
	if kind == "containerfile" || kind == "webfile" {
		kind = "file"
	}
	return path, kind
}
