package column

import "strings"

// Paths are kept as a folder and a name, the folder as its parent and a name,
// and so on. A folder ends with a backslash or is empty. Folders are at most
// folderBytes long, so that a small table cannot become a large one; a path
// in a longer one has no folder.
const folderBytes = 1024

// Folders numbers folders in the order of their first appearance; the first is
// the empty one. It keeps its memory. The zero Folders is not ready: use
// NewFolders.
type Folders struct {
	limit int
	table *Table
	above []uint32 // folder of each folder but the first
	names []string // of each but the first
}

// NewFolders makes a list of at most limit folders.
func NewFolders(limit int) *Folders {
	f := &Folders{limit: limit, table: NewTable()}
	f.table.Add("")
	return f
}

// Reset forgets all folders.
func (f *Folders) Reset() {
	f.table.Reset()
	clear(f.names)
	f.above, f.names = f.above[:0], f.names[:0]
	f.table.Add("")
}

// Split returns the folder of a path, 0 when it has none, and the name in it.
func (f *Folders) Split(path string) (folder uint32, name string) {
	cut := strings.LastIndexByte(path, '\\') + 1
	if cut > folderBytes || f.table.Len()+cut > f.limit {
		return 0, path
	}
	return f.add(path[:cut]), path[cut:]
}

func (f *Folders) add(s string) uint32 {
	if n, ok := f.table.Find(s); ok {
		return n
	}
	cut := strings.LastIndexByte(s[:len(s)-1], '\\') + 1
	above := f.add(s[:cut])
	f.above, f.names = append(f.above, above), append(f.names, s[cut:])
	return f.table.Add(s)
}

// Above is the folder that each folder but the first is in. It is valid until
// the next Split or Reset.
func (f *Folders) Above() []uint32 { return f.above }

// Append appends the form of all folders but the first: the names as texts,
// the column of the folders that they are in.
func (f *Folders) Append(b []byte) []byte {
	return AppendNumbers(AppendTexts(b, f.names), f.above, false)
}

// Folders reads a list of at most limit folders. above is the folder that each
// but the first is in.
func (r *Reader) Folders(limit int) (text []string, above []uint32) {
	names := r.Texts()
	if len(names)+1 > limit {
		r.Fail("%d folders", len(names)+1)
	}
	if r.err != nil {
		return nil, nil
	}
	above = make([]uint32, len(names))
	Numbers(r, above, uint64(len(names)), false)
	size := make([]int, len(names)+1)
	total := 0
	for i, name := range names {
		a := above[i]
		if int(a) > i {
			r.Fail("folder %d within %d", i+1, a)
			return nil, nil
		}
		size[i+1] = size[a] + len(name)
		if size[i+1] > folderBytes {
			r.Fail("folder of %d bytes", size[i+1])
			return nil, nil
		}
		total += size[i+1]
	}
	b := make([]byte, 0, total)
	at := make([]int, len(size))
	for i, name := range names {
		a := above[i]
		at[i+1] = len(b)
		b = append(append(b, b[at[a]:at[a]+size[a]]...), name...)
	}
	all := string(b)
	text = make([]string, len(size))
	for i := range text {
		text[i] = all[at[i] : at[i]+size[i]]
	}
	return text, above
}

// Join makes the paths of names in folders, in one piece of memory.
func Join(folders []string, in []uint32, names []string) []string {
	total := 0
	for i, f := range in {
		total += len(folders[f]) + len(names[i])
	}
	b := make([]byte, 0, total)
	for i, f := range in {
		b = append(append(b, folders[f]...), names[i]...)
	}
	all := string(b)
	paths := make([]string, len(names))
	for i, f := range in {
		n := len(folders[f]) + len(names[i])
		paths[i], all = all[:n], all[n:]
	}
	return paths
}
