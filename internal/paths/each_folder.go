package paths

// FolderPages is the number of pages of folders.
func (d *Dict) FolderPages() int { return len(d.folders) }

// EachFolder calls fn for every folder of a page in order, with its backslash, and
// with the ids of the paths directly in it. The text is valid during the call; more
// says that some of the paths have another spelling of it. It stops with fn's error.
func (d *Dict) EachFolder(page int, fn func(folder []byte, ids Range, more bool) error) error {
	r, err := d.foldersAt(page)
	if err != nil {
		return err
	}
	if err := r.seek(0); err != nil {
		return err
	}
	var text []byte
	var ids Range
	some, more := false, false
	for {
		next, err := r.next()
		if err != nil {
			return err
		}
		if next && r.folder.other {
			more = true
			continue
		}
		if some {
			if err := fn(text, ids, more); err != nil {
				return err
			}
		}
		if !next {
			return nil
		}
		text, some, more = append(text[:0], r.folder.text...), true, false
		if ids, err = d.groupAt(page, r.folder.names); err != nil {
			return err
		}
	}
}
