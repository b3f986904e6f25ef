package manifest

import (
	"path"
	"strings"

	"github.com/akashi-audit/akashi/internal/seal"
)

// The names of a volume of the pool that are of no server.
const (
	VolumeName    = "akashi-volume.json" // what the volume is
	QuarantineDir = "_quarantine"        // damaged files that were put aside
	ErasuresDir   = "_erasures"          // objects that say what is erased; every volume has them
)

// EncryptedEnd ends the stored name of an encrypted object. Before it stands the
// hash of the encrypted bytes, before that the object's own name.
const EncryptedEnd = ".age"

// NameHash is the hash that the name of a stored object carries before its last
// end: that of the bytes that lie there.
func NameHash(name string) (h seal.Hash, ok bool) {
	l := strings.Split(path.Base(name), ".")
	least := 3
	if strings.HasPrefix(name, "_originals/") {
		least = 2
	}
	if len(l) < least {
		return h, false
	}
	return h, h.UnmarshalText([]byte(l[len(l)-2])) == nil
}
