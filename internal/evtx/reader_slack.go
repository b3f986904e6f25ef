package evtx

import "github.com/akashi-audit/akashi/internal/event"

// scanSlack yields old records behind the end of the log's own.
func (s *scanner) scanSlack(pos int) error {
	any := func(uint64) bool { return true }
	for {
		p := findRecord(s.c, pos, chunkSize, any)
		if p < 0 {
			return nil
		}
		size := int(le32(s.c, p+recSize))
		id, t := le64(s.c, p+recID), event.Filetime(le64(s.c, p+recTime))
		ok, err := s.d.record(&s.ev, s.c, p+recBody, p+size-4, id, t)
		pos = p + size
		if err != nil {
			pos = p + 4
			continue
		}
		s.res.recovered++
		if !ok {
			continue
		}
		s.rec = Record{Event: &s.ev, HeaderID: id, HeaderTime: t, Chunk: s.res.info.num, Offset: s.res.info.off + int64(p), Recovered: true}
		if err := s.emit(&s.rec); err != nil {
			return err
		}
	}
}
