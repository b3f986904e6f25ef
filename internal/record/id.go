package record

import (
	"fmt"
	"strconv"
	"strings"
)

// ID names a record by its source coordinates. Two records with the same ID and
// the same rules version are the same record.
type ID struct {
	Server     string
	Channel    string
	Generation uint32
	FirstID    uint64
	Ordinal    uint32
}

// ID returns the record's identity.
func (r *Record) ID() ID {
	return ID{r.Server, r.Channel, r.Generation, r.FirstID, r.Ordinal}
}

// String writes server:channel:generation:first record id:ordinal.
func (id ID) String() string {
	return fmt.Sprintf("%s:%s:%d:%d:%d", id.Server, id.Channel, id.Generation, id.FirstID, id.Ordinal)
}

// ParseID is the inverse of String. A server name has no colon (RFC 952).
func ParseID(s string) (ID, error) {
	bad := fmt.Errorf("record id %q: want server:channel:generation:record:ordinal", s)
	server, rest, ok := strings.Cut(s, ":")
	if !ok {
		return ID{}, bad
	}
	var n [3]uint64
	for i := 2; i >= 0; i-- {
		cut := strings.LastIndexByte(rest, ':')
		if cut < 0 {
			return ID{}, bad
		}
		v, err := strconv.ParseUint(rest[cut+1:], 10, 64)
		if err != nil || i != 1 && v > 1<<32-1 {
			return ID{}, bad
		}
		n[i], rest = v, rest[:cut]
	}
	return ID{Server: server, Channel: rest, Generation: uint32(n[0]), FirstID: n[1], Ordinal: uint32(n[2])}, nil
}
