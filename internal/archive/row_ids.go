package archive

import (
	"fmt"
	"strconv"
	"strings"
)

// maxRawIDs bounds the ids that a text may stand for.
const maxRawIDs = 1 << 20

// idText is the ids of events as text: their distances from the first id, runs as
// first..last. The same few texts come again and again.
func idText(first uint64, ids []uint64) string {
	var b []byte
	for i := 0; i < len(ids); {
		j := i
		for j+1 < len(ids) && ids[j+1] == ids[j]+1 && ids[j+1] != 0 {
			j++
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(ids[i]-first), 10)
		if j > i {
			b = append(b, ".."...)
			b = strconv.AppendInt(b, int64(ids[j]-first), 10)
		}
		i = j + 1
	}
	return string(b)
}

// textIDs is the inverse of idText.
func textIDs(first uint64, s string) ([]uint64, error) {
	if s == "" {
		return nil, nil
	}
	var out []uint64
	for item := range strings.SplitSeq(s, ",") {
		from, to, run := strings.Cut(item, "..")
		a, err := strconv.ParseInt(from, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("column raw_ids: %w", err)
		}
		b := a
		if run {
			if b, err = strconv.ParseInt(to, 10, 64); err != nil {
				return nil, fmt.Errorf("column raw_ids: %w", err)
			}
		}
		n := uint64(b) - uint64(a)
		if n >= maxRawIDs || len(out)+int(n) >= maxRawIDs {
			return nil, fmt.Errorf("column raw_ids: %q stands for too many ids", item)
		}
		for i := range n + 1 {
			out = append(out, first+uint64(a)+i)
		}
	}
	return out, nil
}
