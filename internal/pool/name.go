package pool

import (
	"encoding/hex"
	"fmt"
	"path"
	"strings"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

// hexLen is the length of a hash as text.
const hexLen = 2 * len(seal.Hash{})

// checkName refuses what is no name of an object.
func checkName(name string) (seal.Hash, error) {
	h, ok := manifest.NameHash(name)
	bad := !ok || path.Clean(name) != name || path.IsAbs(name) || strings.ContainsAny(name, "\\\x00:") ||
		strings.HasPrefix(name, "../") || strings.HasPrefix(name, manifest.QuarantineDir) ||
		strings.HasSuffix(name, manifest.EncryptedEnd) || strings.HasSuffix(name, tmpEnd) || strings.HasSuffix(name, lockEnd)
	if bad {
		return h, fmt.Errorf("%q is no name of an object: it must carry the hash of its bytes", name)
	}
	return h, nil
}

// storedName is the name under which an object lies on a volume: its own, or, when
// it is encrypted, with the hash of the encrypted bytes and .age behind it.
func storedName(name string, cipher seal.Hash) string {
	if cipher == (seal.Hash{}) {
		return name
	}
	return name + "." + hex.EncodeToString(cipher[:]) + manifest.EncryptedEnd
}

// parseStored is the other way; ok is false for what is no object.
func parseStored(stored string) (name string, cipher seal.Hash, ok bool) {
	name = stored
	if rest, cut := strings.CutSuffix(stored, manifest.EncryptedEnd); cut {
		at := len(rest) - hexLen - 1
		if at < 1 || rest[at] != '.' || cipher.UnmarshalText([]byte(rest[at+1:])) != nil {
			return "", cipher, false
		}
		name = rest[:at]
	}
	_, err := checkName(name)
	return name, cipher, err == nil
}

// storedHash is the hash of the bytes that lie under a stored name.
func storedHash(stored string) seal.Hash {
	h, _ := manifest.NameHash(stored) // callers have parsed it
	return h
}
