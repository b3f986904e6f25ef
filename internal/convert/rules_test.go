package convert

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/record"
)

func TestRuleTable(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rules() {
		if r.ID == "" || r.Op == 0 || r.Confidence == 0 || r.Source == "" || r.En == "" || r.Ja == "" {
			t.Errorf("rule %+v is not complete", r)
		}
		if seen[r.ID] {
			t.Errorf("rule id %s twice", r.ID)
		}
		seen[r.ID] = true
	}
}

// TestRules plays one sequence per rule of windows-events.md section 6 and
// names the records of persons that must come out.
func TestRules(t *testing.T) {
	f := func(name string, play func(b *logBuilder), want ...string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			b := newLog()
			play(b)
			if d := cmp.Diff(want, users(convertAll(b.events))); d != "" {
				t.Errorf("records (-want +got):\n%s", d)
			}
		})
	}
	f("X1", func(b *logBuilder) { b.read(`x\a.txt`) }, `read E:\data\x\a.txt X1 certain`)
	f("X1 merged", func(b *logBuilder) { b.read(`x\a.txt`).wait(1000).read(`x\a.txt`) }, `read E:\data\x\a.txt X1 certain`)
	f("X1 again later", func(b *logBuilder) { b.read(`x\a.txt`).wait(9000).read(`x\a.txt`) },
		`read E:\data\x\a.txt X1 certain`, `read E:\data\x\a.txt X1 certain`)
	f("W1", func(b *logBuilder) { b.read(`x\a.txt`).wait(60000).write(`x\a.txt`) },
		`read E:\data\x\a.txt X1 certain`, `write E:\data\x\a.txt W1 certain`)
	f("W1 takes the read", func(b *logBuilder) { b.read(`x\a.txt`).wait(1000).write(`x\a.txt`).wait(500).read(`x\a.txt`) },
		`write E:\data\x\a.txt W1 certain`)
	f("A1", func(b *logBuilder) { b.handleUse(`x\a.txt`, 0x100180, 0x100) }, `set_attributes E:\data\x\a.txt A1 certain`)
	f("E1", func(b *logBuilder) { b.handleUse(`x\tool.exe`, 0x1200a9, 0x1, 0x20) }, `execute E:\data\x\tool.exe E1 inferred`)
	f("C1", func(b *logBuilder) { b.create(`x\a.txt`) }, `create E:\data\x\a.txt C1 inferred`)
	f("C1 folder", func(b *logBuilder) {
		b.ask(`x\new`, 0x80).ask(`x\new`, 0x100081).handleUse(`x\new`, 0x100081, 0x1).handleUse(`x`, 0x100004, 0x4)
	}, `create E:\data\x\new C1 inferred`)
	f("C2", func(b *logBuilder) {
		b.ask(`x\a.txt`, 0x80).ask(`x\a.txt`, 0x17019f).handleUse(`x\a.txt`, 0x17019f, 0x2)
	},
		`create E:\data\x\a.txt C2 inferred`)
	f("C3", func(b *logBuilder) {
		b.ask(`x\新規 文書.txt`, 0x13019f).handleUse(`x\新規 文書.txt`, 0x13019f, 0x102)
	},
		`create E:\data\x\新規 文書.txt C3 inferred`)
	f("D1", func(b *logBuilder) { b.remove(`x\a.txt`) }, `delete E:\data\x\a.txt D1 certain`)
	f("D1 without closings", func(b *logBuilder) { b.no4658 = true; b.remove(`x\a.txt`) }, `delete E:\data\x\a.txt D1 certain`)
	f("D3", func(b *logBuilder) { b.delete4659(`x\a.txt`) }, `delete E:\data\x\a.txt D3 inferred`)
	f("D3 then D1", func(b *logBuilder) { b.delete4659(`x\a.txt`).remove(`x\a.txt`) }, `delete E:\data\x\a.txt D1 certain`)
	f("D3 and opened again", func(b *logBuilder) { b.delete4659(`x\a.txt`).wait(500).read(`x\a.txt`) }, `read E:\data\x\a.txt X1 certain`)
	f("D4", func(b *logBuilder) {
		b.root = `E:`
		b.rename(`data\a.txt`, `$Recycle.Bin\S-1-5-21-1-2-3-1001\$RABCDEF.txt`, false)
	}, `delete E:\data\a.txt D4 inferred`)
	f("R1", func(b *logBuilder) { b.rename(`x\a.txt`, `x\b.txt`, true) }, `rename E:\data\x\a.txt -> E:\data\x\b.txt R1 inferred`)
	f("R1 move", func(b *logBuilder) { b.rename(`x\a.txt`, `y\a.txt`, true) }, `move E:\data\x\a.txt -> E:\data\y\a.txt R1 inferred`)
	f("R1 letters", func(b *logBuilder) { b.rename(`x\a.txt`, `x\A.TXT`, true) }, `rename E:\data\x\a.txt -> E:\data\x\A.TXT R1 inferred`)
	f("R1 name not seen", func(b *logBuilder) { b.rename(`x\a.txt`, `x\b.txt`, false).wait(20000).read(`x\c.txt`) },
		`rename E:\data\x\a.txt R1 inferred`, `read E:\data\x\c.txt X1 certain`)
	f("R1 next file is not the name", func(b *logBuilder) { b.rename(`x\a.txt`, `x\b.txt`, false).write(`x\other.xlsx`) },
		`rename E:\data\x\a.txt R1 inferred`, `write E:\data\x\other.xlsx W1 certain`)
	f("R2", func(b *logBuilder) {
		h := b.ask(`x\a.txt`, 0x110080).open(`x\a.txt`, 0x110080)
		b.use(h, `x\a.txt`, 0x10000).close(h).ask(`x\b.txt`, 0x100080)
	}, `rename E:\data\x\a.txt -> E:\data\x\b.txt R2 inferred`)
	f("P1", func(b *logBuilder) { b.permissions(`x\a.txt`, 4670) }, `set_permissions E:\data\x\a.txt P1 certain`)
	f("P2", func(b *logBuilder) { b.handleUse(`x\a.txt`, 0x60080, 0x40000) }, `set_permissions E:\data\x\a.txt P2 inferred`)
	f("P3", func(b *logBuilder) { b.handleUse(`x\a.txt`, 0x1a0080, 0x80000) }, `set_owner E:\data\x\a.txt P3 inferred`)
	f("P4", func(b *logBuilder) { b.permissions(`x`, 4907) }, `set_audit E:\data\x P4 certain`)
	f("B1", func(b *logBuilder) { b.list(`x`) }, `list E:\data\x B1 certain`)
	f("B2", func(b *logBuilder) {
		b.list(`x`)
		for _, n := range []string{"a", "b", "c", "d", "e", "f"} {
			b.wait(20).read(`x\` + n + `.pdf`)
		}
	}, `list E:\data\x B2 inferred`)
	f("B2 but one was opened", func(b *logBuilder) {
		b.list(`x`)
		for _, n := range []string{"a", "b", "c", "d", "e", "f"} {
			b.wait(20).read(`x\` + n + `.pdf`)
		}
		b.wait(3500).read(`x\c.pdf`)
	}, `list E:\data\x B2 inferred`, `read E:\data\x\c.pdf X1 certain`)
	f("B2 without closings, the handle's value used again seconds later", func(b *logBuilder) {
		b.no4658 = true
		b.list(`x`)
		for _, n := range []string{"a", "b", "c", "d", "e", "f"} {
			b.handle = 0x800
			b.wait(20).read(`x\` + n + `.pdf`)
		}
		b.handle, b.logon, b.user = 0x800, 0x2345, "bob"
		b.wait(3000).read(`y\z.txt`)
	}, `list E:\data\x B2 inferred`, `read E:\data\y\z.txt X1 certain`)
	f("B2 twice within two seconds", func(b *logBuilder) {
		for range 2 {
			b.list(`x`)
			for _, n := range []string{"a", "b", "c", "d", "e", "f"} {
				b.wait(20).read(`x\` + n + `.pdf`)
			}
			b.wait(1400)
		}
	}, `list E:\data\x B2 inferred`)
	uses := func(b *logBuilder, rel string, mask ...int) { // 4663 only
		b.handle += 4
		for _, m := range mask {
			b.use(b.handle, rel, m)
		}
	}
	f("C1 without opens, the folder known by the share check", func(b *logBuilder) {
		b.ask(`x\a.txt`, 0x80)
		uses(b, `x`, 0x2)
		b.ask(`x\a.txt`, 0x12019f)
		uses(b, `x\a.txt`, 0x2, 0x100)
	}, `create E:\data\x\a.txt C1 inferred`)
	f("C1 without opens and share checks", func(b *logBuilder) {
		uses(b, `x`, 0x2)
		uses(b, `x\a.txt`, 0x2, 0x100)
	}, `create E:\data\x\a.txt C1 inferred`)
	f("R1 without opens, into a folder not known as one", func(b *logBuilder) {
		b.ask(`x\a.txt`, 0x110080)
		uses(b, `x\a.txt`, 0x10000)
		uses(b, `y`, 0x2)
		b.wait(5).ask(`y\a.txt`, 0x100080)
	}, `move E:\data\x\a.txt -> E:\data\y\a.txt R1 inferred`)
	f("F1 wish lowered, without opens", func(b *logBuilder) {
		b.refuse(`x\a.txt`, 0x12019f).wait(20)
		uses(b, `x\a.txt`, 0x1)
	}, `read E:\data\x\a.txt X1 certain`)
	f("a stream that programs write", func(b *logBuilder) {
		b.handleUse(`x\a.zip:Zone.Identifier`, 0x120196, 0x2)
		b.wait(9000).handleUse(`x\a.zip:Zone.Identifier:$DATA`, 0x120089, 0x1)
	})
	f("a stream that hides data", func(b *logBuilder) { b.handleUse(`x\a.txt:secret`, 0x120196, 0x2) },
		`write E:\data\x\a.txt W1 certain`)
	f("unblocking a file deletes a stream", func(b *logBuilder) { b.remove(`x\a.zip:Zone.Identifier`) })
	f("a stream is deleted", func(b *logBuilder) { b.remove(`x\a.txt:secret`) }, `write E:\data\x\a.txt W1 inferred`)
	f("a stream is deleted by 4659", func(b *logBuilder) { b.delete4659(`x\a.txt:secret`) }, `write E:\data\x\a.txt W1 inferred`)
	f("the mark names a rename", func(b *logBuilder) {
		b.no5145 = true
		b.rename(`x\a.zip`, `x\b.zip`, false).handleUse(`x\b.zip:Zone.Identifier`, 0x120196, 0x2)
	}, `rename E:\data\x\a.zip -> E:\data\x\b.zip R1 inferred`)
	f("C1 of an empty file", func(b *logBuilder) {
		b.ask(`x\a.txt`, 0x80).handleUse(`x`, 0x100002, 0x2).ask(`x\a.txt`, 0x12019f).handleUse(`x\a.txt`, 0x12019f, 0x80)
	}, `create E:\data\x\a.txt C1 inferred`)
	f("C1 of a folder that is not listed", func(b *logBuilder) {
		b.handleUse(`x`, 0x100004, 0x4).ask(`x\new`, 0x100081).handleUse(`x\new`, 0x100081)
	}, `create E:\data\x\new C1 inferred`)
	f("C1 of a folder, its parent afterwards", func(b *logBuilder) {
		h := b.ask(`x\new`, 0x100081).open(`x\new`, 0x100081)
		b.handleUse(`x`, 0x100004, 0x4).close(h)
	}, `create E:\data\x\new C1 inferred`)
	f("an open for writing that is not used", func(b *logBuilder) { b.ask(`x\a.txt`, 0x12019f).handleUse(`x\a.txt`, 0x12019f, 0x80) })
	f("R1, the target is the new path", func(b *logBuilder) {
		h := b.ask(`x\a.txt`, 0x110080).open(`x\a.txt`, 0x110080)
		b.use(h, `x\a.txt`, 0x10000).handleUse(`x\b.txt`, 0x100002, 0x2).close(h)
	}, `rename E:\data\x\a.txt -> E:\data\x\b.txt R1 inferred`)
	f("R1, the target is the new path in another folder", func(b *logBuilder) {
		h := b.ask(`x\a.txt`, 0x110080).open(`x\a.txt`, 0x110080)
		b.use(h, `x\a.txt`, 0x10000).handleUse(`y\a.txt`, 0x100002, 0x2).close(h)
	}, `move E:\data\x\a.txt -> E:\data\y\a.txt R1 inferred`)
	f("R1, the target is a folder not seen before", func(b *logBuilder) {
		h := b.ask(`x\a.txt`, 0x110080).open(`x\a.txt`, 0x110080)
		b.use(h, `x\a.txt`, 0x10000).handleUse(`x\sub`, 0x100002, 0x2).close(h).ask(`x\sub\a.txt`, 0x100080)
	}, `move E:\data\x\a.txt -> E:\data\x\sub\a.txt R1 inferred`)
	f("no burst without a list", func(b *logBuilder) { b.read(`x\a.pdf`).wait(30).read(`x\b.pdf`) },
		`read E:\data\x\a.pdf X1 certain`, `read E:\data\x\b.pdf X1 certain`)
	f("N1", func(b *logBuilder) { b.ask(`x\a.txt`, 0x100080).handleUse(`x\a.txt`, 0x120080, 0x80, 0x20000) })
	f("H1", func(b *logBuilder) {
		b.sec(4664, append(b.subject(), "FileName", `E:\data\a.txt`, "LinkName", `E:\data\b.txt`)...)
	}, `link E:\data\a.txt -> E:\data\b.txt H1 certain`)
	f("K1", func(b *logBuilder) { b.copyFile(`x\a.txt`, `y\a.txt`) }, `copy E:\data\x\a.txt -> E:\data\y\a.txt K1 inferred`)
	f("K1 beside", func(b *logBuilder) { b.copyFile(`x\a.txt`, `x\a - コピー (2).txt`) },
		`copy E:\data\x\a.txt -> E:\data\x\a - コピー (2).txt K1 inferred`)
	f("K2", func(b *logBuilder) { b.copyFile(`x\a.txt`, `y\a.txt`).wait(2000).remove(`x\a.txt`) },
		`move E:\data\x\a.txt -> E:\data\y\a.txt K2 inferred`)
	f("F1", func(b *logBuilder) { b.refuse(`x\a.txt`, 0x120089).wait(20).refuse(`x\a.txt`, 0x120089) },
		`read E:\data\x\a.txt denied F1 certain`)
	f("F1 wish lowered", func(b *logBuilder) { b.refuse(`x\a.txt`, 0x12019f).wait(20).read(`x\a.txt`) },
		`read E:\data\x\a.txt X1 certain`)
	f("desktop.ini", func(b *logBuilder) { b.read(`x\desktop.ini`) })
}

// TestSaves plays saving by temporary file of several programs.
func TestSaves(t *testing.T) {
	f := func(name string, play func(b *logBuilder), want ...string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			b := newLog()
			play(b)
			if d := cmp.Diff(want, users(convertAll(b.events))); d != "" {
				t.Errorf("records (-want +got):\n%s", d)
			}
		})
	}
	swap := func(doc, temp, old string, delOld bool) func(b *logBuilder) {
		return func(b *logBuilder) {
			b.create(temp).wait(20).rename(doc, old, false).wait(2).rename(temp, doc, false)
			if delOld {
				b.wait(2).remove(old)
			}
			b.wait(2).read(doc)
		}
	}
	f("Word", swap(`x\d.docx`, `x\~WRD0001.tmp`, `x\~WRL0002.tmp`, true), `write E:\data\x\d.docx S1 inferred`)
	f("Excel", swap(`x\d.xlsx`, `x\1A2B3C4D`, `x\5E6F7A8B.tmp`, true), `write E:\data\x\d.xlsx S1 inferred`)
	f("PowerPoint", swap(`x\d.pptx`, `x\ppt12AB.tmp`, `x\ppt12AC.tmp`, true), `write E:\data\x\d.pptx S1 inferred`)
	f("ReplaceFile", swap(`x\d.cs`, `x\d.cs~RF1234abcd.TMP`, `x\d.cs.bak`, false), `write E:\data\x\d.cs S1 inferred`)
	f("vim", func(b *logBuilder) {
		b.create(`x\4913`).remove(`x\4913`).rename(`x\n.conf`, `x\n.conf~`, false).create(`x\n.conf`).remove(`x\n.conf~`)
	}, `write E:\data\x\n.conf S2 inferred`)
	f("delete and rename", func(b *logBuilder) {
		b.create(`x\d.tmp`).wait(5).remove(`x\d.odt`).wait(5).rename(`x\d.tmp`, `x\d.odt`, true)
	}, `write E:\data\x\d.odt S3 inferred`)
	f("LibreOffice", func(b *logBuilder) {
		b.read(`x\d.odt`).wait(60000).create(`x\lu1a2b3c.tmp`).wait(20).rename(`x\lu1a2b3c.tmp`, `x\d.odt`, true)
	}, `read E:\data\x\d.odt X1 certain`, `write E:\data\x\d.odt S5 inferred`)
	f("macOS", func(b *logBuilder) {
		b.read(`x\d.pages`).wait(60000).create(`x\d.pages.sb-1a2b3c4d-aB3xYz`).wait(20).rename(`x\d.pages.sb-1a2b3c4d-aB3xYz`, `x\d.pages`, true)
	}, `read E:\data\x\d.pages X1 certain`, `write E:\data\x\d.pages S5 inferred`)
	f("renamed over, but another is opened next", func(b *logBuilder) {
		b.read(`x\e.odt`).wait(60000).create(`x\lu1a2b3c.tmp`).wait(20).rename(`x\lu1a2b3c.tmp`, `x\d.odt`, false).wait(3000).write(`x\e.odt`)
	}, `read E:\data\x\e.odt X1 certain`, `write E:\data\x\e.odt W1 certain`)
	f("a person renames over", func(b *logBuilder) {
		b.read(`x\d.odt`).wait(60000).rename(`x\old.odt`, `x\d.odt`, true)
	}, `read E:\data\x\d.odt X1 certain`, `rename E:\data\x\old.odt R1 inferred`)
	f("delete and rename, no share checks", func(b *logBuilder) {
		b.no5145 = true
		b.create(`x\ps12ab.tmp`).wait(5).remove(`x\d.psd`).wait(5).rename(`x\ps12ab.tmp`, `x\d.psd`, false)
	}, `write E:\data\x\d.psd S3 inferred`)
	f("deleted, then another document is saved much later", func(b *logBuilder) {
		b.no5145 = true
		b.remove(`x\d.psd`).wait(9000).create(`x\ps12ab.tmp`).wait(5).rename(`x\ps12ab.tmp`, `x\e.psd`, false)
	}, `delete E:\data\x\d.psd D1 certain`)
	f("download, no share checks", func(b *logBuilder) {
		b.no5145 = true
		b.create(`x\s.zip.part`).wait(2000).rename(`x\s.zip.part`, `x\s.zip`, false)
	}, `create E:\data\x\s.zip S4 inferred`)
	f("download", func(b *logBuilder) {
		b.create(`x\s.zip.crdownload`).wait(2000).rename(`x\s.zip.crdownload`, `x\s.zip`, true)
	}, `create E:\data\x\s.zip S4 inferred`)
	f("ransomware", func(b *logBuilder) { b.write(`x\d.docx`).wait(2).rename(`x\d.docx`, `x\d.docx.locked`, true) },
		`write E:\data\x\d.docx W1 certain`, `rename E:\data\x\d.docx -> E:\data\x\d.docx.locked R1 inferred`)
}

func TestRecordOfAct(t *testing.T) {
	b := newLog()
	b.logonEvent().wait(100).read(`x\a.txt`)
	var r record.Record
	for _, x := range convertAll(b.events) {
		if x.Op == record.OpRead {
			r = x
		}
	}
	want := record.Record{
		Server: "FS-A.example.test", Channel: "Security", FirstID: 1002, Ordinal: uint32(record.OpRead),
		Time: r.Time, EndTime: r.EndTime, Source: "windows", User: `CORP\alice`, SID: "S-1-5-21-1-2-3-1660", ClientIP: "192.0.2.7",
		Session: 0x1234, Op: record.OpRead, Path: `E:\data\x\a.txt`, Share: `\\FS-A\data`, ShareRoot: uint32(len(`E:\data`)),
		Object: record.ObjectFile, Result: record.Success, Count: 1, Confidence: record.Certain, Rule: "X1", Class: record.ClassUser,
		RawIDs: []uint64{1002, 1003, 1004, 1005}, RulesVersion: RulesVersion,
	}
	if d := cmp.Diff(want, r); d != "" {
		t.Errorf("record (-want +got):\n%s", d)
	}
	if r.UNC() != `\\FS-A\data\x\a.txt` {
		t.Errorf("UNC = %q", r.UNC())
	}
}

func (b *logBuilder) delete4659(rel string) *logBuilder {
	b.ask(rel, 0x10080)
	b.sec(4659, append(b.subject(), "ObjectServer", "Security", "ObjectType", "File", "ObjectName", b.path(rel), "HandleId", 0,
		"AccessMask", 0x10080, "ProcessId", 4)...)
	return b
}

func (b *logBuilder) permissions(rel string, id uint32) *logBuilder {
	h := b.open(rel, 0x60080)
	b.sec(id, append(b.subject(), "ObjectServer", "Security", "ObjectType", "File", "ObjectName", b.path(rel), "HandleId", h,
		"OldSd", "D:AI(A;ID;FA;;;BA)", "NewSd", "D:PAI(A;;FA;;;BA)", "ProcessId", 4)...)
	return b.close(h)
}

func (b *logBuilder) copyFile(from, to string) *logBuilder {
	src := b.ask(from, 0x120089).open(from, 0x120089)
	b.use(src, from, 0x1)
	b.ask(to, 0x80).handleUse(b.dir(to), 0x100002, 0x2)
	b.ask(to, 0x17019f).handleUse(to, 0x17019f, 0x2, 0x100)
	return b.close(src)
}

func (b *logBuilder) refuse(rel string, mask int) *logBuilder {
	b.ask(rel, mask)
	e := b.sec(4656, append(b.subject(), "ObjectServer", "Security", "ObjectType", "File", "ObjectName", b.path(rel), "HandleId", 0,
		"AccessReason", "%%4416:\t%%1805\r\n\t\t\t\t", "AccessMask", mask, "ProcessId", 4, "ProcessName", "")...)
	e.Keywords = 0x8010000000000000
	return b
}

// TestRequestsOnly plays the log of a server that audits shares only: all that
// is known was asked for.
func TestRequestsOnly(t *testing.T) {
	f := func(name string, play func(b *logBuilder), want ...string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			b := newLog()
			play(b)
			if d := cmp.Diff(want, users(convertAll(b.events))); d != "" {
				t.Errorf("records (-want +got):\n%s", d)
			}
		})
	}
	f("X2", func(b *logBuilder) { b.ask(`x\a.txt`, 0x120089) }, `read E:\data\x\a.txt X2 inferred`)
	f("X2 office", func(b *logBuilder) { b.ask(`x\a.docx`, 0x12019f).ask(`x\a.docx`, 0x120089) }, `read E:\data\x\a.docx X2 inferred`)
	f("X2 office opens and makes its owner file", func(b *logBuilder) {
		b.ask(`x\abc.docx`, 0x12019f).ask(`x\~$abc.docx`, 0x80).ask(`x\~$abc.docx`, 0x13019f)
	},
		`read E:\data\x\abc.docx X2 inferred`)
	f("W2 document without owner file", func(b *logBuilder) { b.ask(`x\abc.docx`, 0x12019f) }, `write E:\data\x\abc.docx W2 inferred`)
	f("X2 lowered wish", func(b *logBuilder) { b.ask(`x\a.txt`, 0x12019f).wait(20).ask(`x\a.txt`, 0x120089) }, `read E:\data\x\a.txt X2 inferred`)
	f("W2 then a look at it", func(b *logBuilder) { b.ask(`x\a.txt`, 0x12019f).wait(2000).ask(`x\a.txt`, 0x120089) }, `write E:\data\x\a.txt W2 inferred`)
	f("C2 and Explorer's look at the copy", func(b *logBuilder) {
		b.ask(`x\a.txt`, 0x80).ask(`x\a.txt`, 0x17019f).ask(`x\a.txt`, 0x17019f).ask(`x`, 0x100081).ask(`x\a.txt`, 0x120089).ask(`x\a.txt`, 0x1200a9)
	}, `create E:\data\x\a.txt C2 inferred`)
	f("B2 previews", func(b *logBuilder) { b.ask(`x`, 0x100081).ask(`x\a.pdf`, 0x120089).ask(`x\b.pdf`, 0x120089) }, `list E:\data\x B2 inferred`)
	f("X2 opened from the list", func(b *logBuilder) { b.ask(`x`, 0x100081).wait(700).ask(`x\a.pdf`, 0x120089) },
		`list E:\data\x B4 inferred`, `read E:\data\x\a.pdf X2 inferred`)
	f("X2 a tool lists and reads", func(b *logBuilder) {
		b.ask(`x`, 0x100081).ask(`x\a.key`, 0x1).ask(`x\b.key`, 0x1).ask(`x\c.key`, 0x1).ask(`x\d.key`, 0x1).ask(`x\e.key`, 0x1)
	}, `list E:\data\x B4 inferred`, `read E:\data\x\a.key X2 inferred`, `read E:\data\x\b.key X2 inferred`, `read E:\data\x\c.key X2 inferred`,
		`read E:\data\x\d.key X2 inferred`, `read E:\data\x\e.key X2 inferred`)
	f("X2 a program copies what it lists", func(b *logBuilder) {
		b.ask(`x`, 0x100081).ask(`x\a.csv`, 0x120089).ask(`x\b.db`, 0x120089)
	}, `list E:\data\x B4 inferred`, `read E:\data\x\a.csv X2 inferred`, `read E:\data\x\b.db X2 inferred`)
	f("W2", func(b *logBuilder) { b.ask(`x\a.txt`, 0x12019f) }, `write E:\data\x\a.txt W2 inferred`)
	f("C2", func(b *logBuilder) { b.ask(`x\a.txt`, 0x80).ask(`x\a.txt`, 0x17019f).ask(`x\a.txt`, 0x17019f) }, `create E:\data\x\a.txt C2 inferred`)
	f("B4", func(b *logBuilder) { b.ask(`x`, 0x100081) }, `list E:\data\x B4 inferred`)
	f("A2", func(b *logBuilder) { b.ask(`x\a.txt`, 0x100180) }, `set_attributes E:\data\x\a.txt A2 inferred`)
	f("D5", func(b *logBuilder) { b.ask(`x\a.txt`, 0x110080) }, `delete E:\data\x\a.txt D5 inferred`)
	f("R2", func(b *logBuilder) { b.ask(`x\a.txt`, 0x110080).wait(10).ask(`x\b.txt`, 0x100080) },
		`rename E:\data\x\a.txt -> E:\data\x\b.txt R2 inferred`)
	f("K1", func(b *logBuilder) { b.ask(`x\a.txt`, 0x120089).ask(`y\a.txt`, 0x80).ask(`y\a.txt`, 0x17019f) },
		`copy E:\data\x\a.txt -> E:\data\y\a.txt K1 inferred`)
	f("S1", func(b *logBuilder) {
		b.ask(`x\~WRD0001.tmp`, 0x80).ask(`x\~WRD0001.tmp`, 0x13019f).ask(`x\d.docx`, 0x110080).ask(`x\~WRD0001.tmp`, 0x110080).ask(`x\~WRL0002.tmp`, 0x10080)
	}, `write E:\data\x\d.docx S1 inferred`)
	f("a mark", func(b *logBuilder) {
		b.ask(`x\a.zip:Zone.Identifier`, 0x120196).ask(`x\a.zip:Zone.Identifier`, 0x10080)
	})
	f("a stream", func(b *logBuilder) { b.ask(`x\a.txt:secret`, 0x10080) }, `write E:\data\x\a.txt W2 inferred`)
	f("probes", func(b *logBuilder) { b.ask(`x\desktop.ini`, 0x120089).ask(`x\a.txt`, 0x100080).ask(`x\a.txt`, 0x80) })
}
