package manifest

import (
	"path"
	"strings"

	"github.com/akashi-audit/akashi/internal/seal"
)

// The ways in which a file of a data folder changes.
const (
	FileFixed  = "fixed"  // never; a different byte is damage
	FileGrows  = "grows"  // bytes are added at its end only; Size and SHA256 are of what was there
	FileEdited = "edited" // by akashi or a person; another content is told as a change since the checkpoint
)

// CertDir is the folder of the certificate that a server made for itself.
const CertDir = "tls"

// RestoredDir is the folder of what is restored of the archive: derived files, which
// may be removed at any time.
const RestoredDir = "restored"

// Derived tells whether a file is one of those that are made of the archive and may be
// removed at any time.
func Derived(name string) bool { return strings.HasPrefix(name, RestoredDir+"/") }

// File is a file of a data folder at the moment of a Folder.
type File struct {
	Name   string    `json:"name"` // relative, slash-separated
	Mode   string    `json:"mode"`
	Size   int64     `json:"size"`
	SHA256 seal.Hash `json:"sha256"`
}

// Folder lists every file of a data folder that Listed names, at the moment before
// a checkpoint.
type Folder struct {
	Format int    `json:"format"`
	Time   int64  `json:"time"`   // Unix ns
	Commit uint64 `json:"commit"` // last commit of the store
	Files  []File `json:"files"`  // by name
}

// OutboxName is the file of what of the checkpoints is sent out and what not yet.
const OutboxName = "outbox.json"

// Listed says whether a Folder lists the file of this name: all but locks,
// temporary files, the address and the certificate of a running server, databases,
// files of jobs (copies that go after some days; what left the folder is a leaf), and
// what carries its own proof: the log of the seal with its stamps, here and in the
// archive, and the trail, whose bytes are in leaves (TrailRange).
func Listed(name string) bool {
	base := path.Base(name)
	switch {
	case name == "lock" || name == "serve.json" || name == OutboxName || strings.HasSuffix(base, ".lock") || strings.HasSuffix(base, ".tmp"):
		return false
	case strings.HasSuffix(base, ".sqlite") || strings.HasSuffix(base, ".sqlite-wal") || strings.HasSuffix(base, ".sqlite-shm"):
		return false
	}
	for _, dir := range []string{seal.DirName, TrailDir, CertDir, "jobs", "archive/" + LogDir} {
		if strings.HasPrefix(name, dir+"/") {
			return false
		}
	}
	return true
}

// FileMode tells how the file of this name changes.
func FileMode(name string) string {
	dir, _, _ := strings.Cut(name, "/")
	if path.Base(name) == VolumeName || name == RestoredDir+"/cleared.json" {
		return FileEdited
	}
	switch dir {
	case "segments", "raw", "paths", "keep", "originals", "quarantine", "archive", RestoredDir, "format", seal.FileName:
		return FileFixed
	case "log", TrailDir:
		return FileGrows
	}
	return FileEdited
}
