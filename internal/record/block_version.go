package record

// Superseded reports whether row i was replaced by a later conversion.
func (b *Block) Superseded(i int) bool { return b.newer != nil && b.newer[i] != 0 }

// Received of row i, Unix ns.
func (b *Block) Received(i int) int64 { return int64(b.num[colReceived][i]) }
