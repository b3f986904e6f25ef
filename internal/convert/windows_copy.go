package convert

import "github.com/akashi-audit/akashi/internal/record"

// copySource finds the file of which a new one is the copy (section 6): the
// same name or that of a copy, open for reading by the same session when the
// new file was opened.
func (c *Converter) copySource(s *session, dst *act) *act {
	name := baseOf(dst.Key)
	for i := len(s.Reads) - 1; i >= 0; i-- {
		a := c.s.Acts.get(s.Reads[i])
		if a == nil {
			continue
		}
		if d := dst.First - a.First; d > hintWindow || d < -addWindow {
			continue
		}
		if a.Key == dst.Key || a.Op != record.OpRead || a.PID != dst.PID {
			continue
		}
		if c.s.Sees4658 && !dst.Requested && !a.Open && a.End < dst.First {
			continue
		}
		if sameOrCopy(baseOf(a.Key), name) {
			return a
		}
	}
	return nil
}

// copied turns the write of dst into a copy from src.
func (c *Converter) copied(dst, src *act) {
	path, key := dst.Path, dst.Key
	dst.NewPath = path
	dst.Path, dst.Key, dst.tag = src.Path, src.Key, src.tag
	dst.Op, dst.Rule, dst.Certain = record.OpCopy, ruleK1, false
	c.absorb(dst, src)
	c.paths(dst.Logon, key).Write = dst.Seq
	c.paths(dst.Logon, dst.Key).Copy = dst.Seq
}
