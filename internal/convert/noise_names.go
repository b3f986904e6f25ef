package convert

import (
	"slices"
	"strings"
)

// Names that programs leave beside documents (windows-events.md sections 6 and
// 8). All functions take a folded path or name.

// noiseNames are files that Windows and other systems read by themselves.
var noiseNames = [...]string{
	"DESKTOP.INI", "THUMBS.DB", "EHTHUMBS.DB", "EHTHUMBS_VISTA.DB", "AUTORUN.INF", "FOLDER.JPG", "FOLDER.GIF", ".DS_STORE", ".TEMPORARYITEMS",
}

// noiseName reports files that are no person's object: icons, thumbnails,
// owner and lock files.
func noiseName(key string) bool { return noiseBelow(key, 0) }

// noiseBelow is noiseName of a name below a folder that is none of the system's; the
// backslash behind that stands at key[from], or from is 0.
func noiseBelow(key string, from int) bool {
	b := baseOf(key)
	dir := key[:len(key)-len(b)]
	if systemFolder(dir[from:]) {
		return true
	}
	switch {
	case b == "":
		return false
	case strings.IndexByte("DTEAF.$S", b[0]) < 0: // nothing below begins otherwise but what is not plain
		return !plainName(b) && (lockName(b) || tempName(b))
	case slices.Contains(noiseNames[:], b):
		return true
	case strings.HasPrefix(b, "ALBUMART") && strings.HasSuffix(b, ".JPG"), strings.HasPrefix(b, "._"):
		return true
	case (strings.HasPrefix(b, "$I") || strings.HasPrefix(b, "S-1-")) && strings.Contains(dir, recycleDir):
		return true
	}
	return lockName(b) || tempName(b)
}

// systemFolder reports folders that only the system uses; dir ends with a
// backslash.
func systemFolder(dir string) bool {
	for {
		n := strings.IndexByte(dir, '\\') + 1
		if n == 0 || n == len(dir) {
			return false
		}
		dir = dir[n:]
		switch dir[0] {
		case 'S':
			if strings.HasPrefix(dir, `SYSTEM VOLUME INFORMATION\`) {
				return true
			}
		case 'D':
			if strings.HasPrefix(dir, `DFSRPRIVATE\`) {
				return true
			}
		case '$':
			if strings.HasPrefix(dir, `$EXTEND\`) {
				return true
			}
		case '.':
			if strings.HasPrefix(dir, macTemp[1:]) {
				return true
			}
		}
	}
}

// plainName reports names that cannot be lockName or tempName, at the first look.
func plainName(b string) bool {
	if b == "" {
		return true
	}
	switch b[0] {
	case '~', '.', '#', '4':
		return false
	}
	switch b[len(b)-1] {
	case 'L', '2', 'B', 'P', '$', 'D': // .DWL, .PARTIAL, .DWL2, .LACCDB, .TMP, .SV$, .CRDOWNLOAD
		return false
	}
	return strings.IndexByte(b, '-') < 0 || !strings.Contains(b, ".SB-")
}

// macTemp is in the path of a folder in which macOS writes a document anew, under its
// own name, before it takes the place of the old one.
const macTemp = `\.TEMPORARYITEMS\`

const recycleDir = `\$RECYCLE.BIN`

// markStreams are alternate streams in which programs note where a file came
// from and how it is shown.
var markStreams = [...]string{"ZONE.IDENTIFIER", "SMARTSCREEN", "ENCRYPTABLE", "FAVICON", "AFP_AFPINFO", "AFP_RESOURCE", "OECUSTOMPROPERTY", "WOFCOMPRESSEDDATA"}

func markStream(name string) bool {
	return slices.Contains(markStreams[:], name) || strings.HasPrefix(name, "COM.APPLE.") || strings.HasPrefix(name, "\x05")
}

// lockName reports owner and lock files: Office ~$x, LibreOffice .~lock.x#,
// AutoCAD x.dwl, emacs .#x, vim .x.swp.
func lockName(b string) bool {
	switch {
	case plainName(b):
		return false
	case strings.HasPrefix(b, "~$"), strings.HasPrefix(b, ".~LOCK.") && strings.HasSuffix(b, "#"), strings.HasPrefix(b, ".#"):
		return true
	case strings.HasSuffix(b, ".DWL"), strings.HasSuffix(b, ".DWL2"), strings.HasSuffix(b, ".LACCDB"), strings.HasSuffix(b, ".LDB"):
		return true
	case strings.HasPrefix(b, ".") && (strings.HasSuffix(b, ".SWP") || strings.HasSuffix(b, ".SWX") || strings.HasSuffix(b, ".SWO")):
		return true
	}
	return false
}

// tempName reports names that only programs give, for a time.
func tempName(b string) bool {
	if plainName(b) {
		return false
	}
	ext := extOf(b)
	switch ext {
	case ".TMP", ".SV$", ".CRDOWNLOAD", ".PARTIAL":
		return true
	}
	switch {
	case strings.HasPrefix(b, "~WR") && len(b) >= 8: // ~WRD0001.tmp, ~WRL, ~WRA, ~WRS{GUID}
		return true
	case strings.HasPrefix(b, "~AI"), strings.HasPrefix(b, "~RF"), strings.Contains(b, "~RF") && ext == ".TMP":
		return true
	case b == "4913", strings.HasPrefix(b, "#") && strings.HasSuffix(b, "#") && len(b) > 2:
		return true
	case strings.Contains(b, ".SB-") && len(b)-strings.LastIndex(b, ".SB-") >= 12:
		return true
	}
	return false
}

// weakTemp reports names that are temporary only when the same session has just
// made them: Excel's eight hex digits, x~, backups, partial downloads.
func weakTemp(b string) bool {
	if tempName(b) {
		return true
	}
	if len(b) == 8 && strings.Trim(b, "0123456789ABCDEF") == "" {
		return true
	}
	return strings.HasSuffix(b, "~") || extOf(b) == ".BAK" || extOf(b) == ".PART" || extOf(b) == ".NEW" || strings.HasPrefix(b, "ATMP")
}

// download reports the temporary name of a download: renaming it makes the file.
func download(b string) bool {
	switch extOf(b) {
	case ".CRDOWNLOAD", ".PART", ".PARTIAL", ".DOWNLOAD", ".OPDOWNLOAD", ".FILEPART":
		return true
	}
	return false
}

// newItemWords begin the names that Explorer gives to a new file or folder, in
// the languages of Windows that are common on Japanese and Western networks.
var newItemWords = [...]string{"新規 ", "新しい", "NEW ", "NEUER ", "NEUES ", "NOUVEAU ", "NUEVO "}

func newItemName(b string) bool {
	for _, w := range newItemWords {
		if strings.HasPrefix(b, w) {
			return true
		}
	}
	return false
}

// copyWords stand around the name of a copy beside its original.
var copySuffixes = [...]string{" - COPY", " - コピー", " - KOPIE", " - COPIE", " - COPIA"}

// sameOrCopy reports whether b is a's name or the name Explorer gives to a copy
// of it: "x - Copy", "x - Copy (2)", "Copy of x".
func sameOrCopy(a, b string) bool {
	if a == b {
		return true
	}
	if rest, ok := strings.CutPrefix(b, "COPY OF "); ok {
		return rest == a
	}
	ext := extOf(a)
	if extOf(b) != ext {
		return false
	}
	sa, sb := strings.TrimSuffix(a, ext), strings.TrimSuffix(b, ext)
	if n := strings.LastIndex(sb, " ("); n > 0 && strings.HasSuffix(sb, ")") && strings.Trim(sb[n+2:len(sb)-1], "0123456789") == "" {
		sb = sb[:n]
	}
	for _, w := range copySuffixes {
		if sb == sa+w {
			return true
		}
	}
	return false
}

// executable reports extensions of programs.
func executable(b string) bool {
	switch extOf(b) {
	case ".EXE", ".DLL", ".COM", ".BAT", ".CMD", ".MSI", ".SCR", ".PS1", ".VBS", ".JS", ".WSF", ".CPL", ".SYS", ".OCX":
		return true
	}
	return false
}

// noiseProcesses are programs that read files for nobody: antivirus, indexing,
// backup, servicing (section 8, 5). A name that ends in * is a prefix.
var noiseProcesses = [...]string{
	"MSMPENG.EXE", "NISSRV.EXE", "MPCMDRUN.EXE", "MPDEFENDERCORESERVICE.EXE", "SEARCHINDEXER.EXE", "SEARCHPROTOCOLHOST.EXE", "SEARCHFILTERHOST.EXE",
	"COMPATTELRUNNER.EXE", "TIWORKER.EXE", "TRUSTEDINSTALLER.EXE", "POQEXEC.EXE", "WMIPRVSE.EXE", "DFSRS.EXE", "VSSVC.EXE", "WBENGINE.EXE", "DEFRAG.EXE",
	"SRMHOST.EXE", "SRMSVC.EXE", "FSDMHOST.EXE", "CCSVCHST.EXE", "RTVSCAN.EXE", "MCSHIELD.EXE", "MFE*", "NTRTSCAN.EXE",
	"CORESERVICESHELL.EXE", "PCCNTMON.EXE", "EKRN.EXE", "AVP.EXE", "SAVSERVICE.EXE", "SOPHOSFILESCANNER.EXE", "SENTINELAGENT.EXE",
	"CSFALCONSERVICE.EXE", "BDSERVICEHOST.EXE", "VSSERV.EXE", "WRSA.EXE", "BEREMOTE.EXE", "BENGINE.EXE", "VEEAM*", "ACRONIS*",
	"CVD.EXE", "CLBACKUP.EXE", "BPBKAR32.EXE", "BPCD.EXE", "DSMC.EXE", "DSMCSVC.EXE", "NSREXECD.EXE",
}

func matchName(list []string, name string) bool {
	for _, p := range list {
		if pre, ok := strings.CutSuffix(p, "*"); ok && strings.HasPrefix(name, pre) || p == name {
			return true
		}
	}
	return false
}
