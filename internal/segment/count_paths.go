package segment

import (
	"context"

	"github.com/akashi-audit/akashi/internal/facets"
	"github.com/akashi-audit/akashi/internal/paths"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// Paths are counted by number. Folders are sums over the names of each, which lie
// together; no name is spelled for them.

// wantPaths makes room for counts of paths.
func (c *counting) wantPaths() {
	s := c.sc.s
	c.paths, c.unfiled = make([]uint32, s.dict.Len()), make(map[uint32]uint32)
	c.noFile = make([]bool, len(s.tables.kinds))
	for i := range s.tables.kinds {
		o := s.tables.kinds[i].object
		c.noFile[i] = o != record.ObjectFile && o != record.ObjectDirectory
	}
}

// addPaths counts the paths of rows.
func (c *counting) addPaths(ids, kinds []uint64) {
	for _, v := range ids {
		c.paths[v]++
	}
	for i, k := range kinds {
		if c.noFile[k] && ids[i] != 0 {
			c.unfiled[uint32(ids[i])]++
		}
	}
}

// pathRows counts the paths alone of the current partition, the rest of which its
// roll-up has told. Damaged blocks are left out.
func (c *counting) pathRows(ctx context.Context, p *part) error {
	if c.paths == nil {
		return nil
	}
	if ok, err := c.sc.open(p); err != nil || !ok {
		return err
	}
	return c.blocks(ctx, func(b *block, sel []uint16) error {
		kinds, err := c.gather(0, b, colKind, sel)
		if err != nil {
			return err
		}
		ids, err := c.gather(2, b, colPath, sel)
		if err != nil {
			return err
		}
		if c.codesFit(kinds, nil, ids) != nil {
			return p.seg.damage(b.off(colPath), int64(b.chunks[colPath].size), errFormat.Error())
		}
		c.addPaths(ids, kinds)
		return nil
	})
}

// pathTexts adds the counts of paths and folders.
func (c *counting) pathTexts() error {
	if c.paths == nil {
		return nil
	}
	if len(c.paths) > 0 {
		if p, err := c.sc.s.dict.Path(0); err == nil && p == "" {
			c.paths[0] = 0 // no path
		}
	}
	if c.into.Wants(query.ListFolders) {
		if err := c.folderTexts(); err != nil {
			return err
		}
	}
	if c.into.Wants(query.ListPaths) {
		return c.into.AddPaths(&names{c.sc.s, c.sc.s.names(c.sc.b.f)}, c.paths)
	}
	return nil
}

// folderTexts adds the sums of folders. Those in damaged pages are left out.
func (c *counting) folderTexts() error {
	s := c.sc.s
	for page := range s.dict.FolderPages() {
		err := s.pathError(s.dict.EachFolder(page, func(folder []byte, r paths.Range, more bool) error {
			sum := uint64(0)
			for _, n := range c.paths[r.From:r.To] {
				sum += uint64(n)
			}
			if sum == 0 {
				return nil
			}
			if more {
				return c.spelledFolder(r)
			}
			if len(c.unfiled) > 0 {
				for id := r.From; id < r.To; id++ {
					if c.paths[id] > 0 {
						sum -= uint64(c.unfiled[id])
					}
				}
			}
			if sum > 0 {
				c.into.AddFolder(facets.Parent(string(folder)), sum)
			}
			return nil
		}))
		if err != nil && !isDamage(err) {
			return err
		}
	}
	return nil
}

// spelledFolder is folderTexts for a folder whose paths spell it differently.
func (c *counting) spelledFolder(r paths.Range) error {
	var ids []uint32
	for id := r.From; id < r.To; id++ {
		if c.paths[id] > c.unfiled[id] {
			ids = append(ids, id)
		}
	}
	return c.sc.s.eachPath(ids, func(i int, p []byte) {
		c.into.AddFolder(facets.Parent(string(p)), uint64(c.paths[ids[i]]-c.unfiled[ids[i]]))
	})
}

// names spells the paths of a segment.
type names struct {
	s    *Segment
	dict *paths.Dict
}

// Reader spells numbers that ascend; those in damaged pages are nil.
func (n *names) Reader() func(uint32) ([]byte, error) {
	c := n.dict.Cursor()
	return func(id uint32) ([]byte, error) {
		err := n.s.pathError(c.Seek(id))
		if err == nil {
			return c.Path(), nil
		}
		c = n.dict.Cursor()
		if isDamage(err) {
			return nil, nil
		}
		return nil, err
	}
}

// Number finds a path; one in a damaged page is not there.
func (n *names) Number(path string) (uint32, bool, error) {
	r, err := n.dict.Find(path)
	for id := r.From; err == nil && id < r.To; id++ {
		var p string
		if p, err = n.dict.Path(id); err == nil && p == path {
			return id, true, nil
		}
	}
	if err = n.s.pathError(err); isDamage(err) {
		err = nil
	}
	return 0, false, err
}
