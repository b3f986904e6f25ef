package paths

import "sort"

// Find is the ids of the paths that NTFS holds for the same as path; none gives
// an empty range.
func (d *Dict) Find(path string) (Range, error) {
	folder, name := split(path)
	group, err := d.findFolder(folder)
	if err != nil || group.Len() == 0 {
		return Range{}, err
	}
	return d.findName(group, name, false)
}

// findFolder is the ids of the paths directly in a folder (with its backslash).
func (d *Dict) findFolder(folder string) (Range, error) {
	at := sort.Search(len(d.folders), func(i int) bool { return compareKey(d.folders[i].first, folder) > 0 }) - 1
	if at < 0 {
		return Range{}, nil
	}
	r, n, err := d.seekFolders(at, func(head []byte) bool { return compareKey(head, folder) > 0 })
	if err != nil || !n {
		return Range{}, err
	}
	for {
		more, err := r.nextGroup()
		if !more || err != nil {
			return Range{}, err
		}
		switch c := compareKey(r.folder.text, folder); {
		case c == 0:
			return d.groupAt(at, r.folder.names)
		case c > 0:
			return Range{}, nil
		}
	}
}

// seekFolders reads page at of the folders and goes to the last run whose head
// is not behind what is looked for; false when there is none.
func (d *Dict) seekFolders(at int, behind func(head []byte) bool) (folderReader, bool, error) {
	r, err := d.foldersAt(at)
	if err != nil {
		return r, false, err
	}
	run := sort.Search(r.runCount(), func(i int) bool {
		head, e := r.head(i)
		if e != nil {
			err = e
		}
		return e != nil || behind(head)
	}) - 1
	if err != nil || run < 0 {
		return r, false, err
	}
	return r, true, r.seek(run)
}

// findName is the ids within a folder's whose names are equal to name, or begin
// with it.
func (d *Dict) findName(group Range, name string, begin bool) (Range, error) {
	first, last := pageOf(d.names, group.From), pageOf(d.names, group.To-1)
	// The names that are equal may begin in the page before the one that
	// begins with such a name.
	page := first + sort.Search(last-first, func(i int) bool { return compareKey(d.names[first+1+i].first, name) >= 0 })
	var found Range
	for ; page <= last; page++ {
		r, end, err := d.findInPage(page, group, name, begin)
		if err != nil {
			return Range{}, err
		}
		if r.Len() > 0 {
			if found.Len() == 0 {
				found.From = r.From
			}
			found.To = r.To
		}
		if end {
			break
		}
	}
	return found, nil
}

// findInPage looks for such names in one page; end says that later pages have
// none.
func (d *Dict) findInPage(page int, group Range, name string, begin bool) (found Range, end bool, err error) {
	p, err := d.namesAt(page)
	if err != nil {
		return Range{}, false, err
	}
	ids := d.idsOf(d.names, page)
	from, to := int(max(group.From, ids.From)-ids.From), int(min(group.To, ids.To)-ids.From)
	// Runs that begin within the group and not before name.
	lowest := (from + nameRun - 1) / nameRun
	runs := max(0, (to+nameRun-1)/nameRun-lowest)
	run := lowest + sort.Search(runs, func(i int) bool {
		head, e := p.head(lowest + i)
		if e != nil {
			err = e
		}
		return e != nil || compareKey(head, name) >= 0
	}) - 1
	if err != nil {
		return Range{}, false, err
	}
	var r nameReader
	if err := r.seek(&p, max(from, run*nameRun)); err != nil {
		return Range{}, false, err
	}
	for r.i < to {
		text, err := r.next()
		if err != nil {
			return Range{}, false, err
		}
		c := compareKey(text, name)
		if begin && hasPrefixKey(text, name) {
			c = 0
		}
		if c > 0 {
			return found, true, nil
		}
		if c == 0 {
			id := ids.From + uint32(r.i) - 1
			if found.Len() == 0 {
				found.From = id
			}
			found.To = id + 1
		}
	}
	return found, false, nil
}

// Below is the ids of a folder and of all below it, under NTFS equality, at
// most two ranges, ascending. A folder that ends with a backslash stands for
// what begins with it.
func (d *Dict) Below(folder string) ([]Range, error) {
	var l []Range
	prefix := folder
	if folder == "" || folder[len(folder)-1] != '\\' {
		self, err := d.Find(folder)
		if err != nil {
			return nil, err
		}
		if self.Len() > 0 {
			l = append(l, self)
		}
		prefix += `\`
	}
	from, err := d.lowerFolder(prefix, false)
	if err != nil {
		return nil, err
	}
	to, err := d.lowerFolder(prefix, true)
	if err != nil {
		return nil, err
	}
	if from < to {
		l = append(l, Range{from, to})
	}
	if len(l) == 2 && l[0].From > l[1].From {
		l[0], l[1] = l[1], l[0]
	}
	return l, nil
}

// Begins is the ids of the paths that begin with prefix, under NTFS equality.
func (d *Dict) Begins(prefix string) (*Set, error) {
	s := &Set{}
	from, err := d.lowerFolder(prefix, false)
	if err != nil {
		return nil, err
	}
	to, err := d.lowerFolder(prefix, true)
	if err != nil {
		return nil, err
	}
	s.AddRange(Range{from, to})
	folder, name := split(prefix)
	group, err := d.findFolder(folder)
	if err != nil || group.Len() == 0 {
		return s, err
	}
	names, err := d.findName(group, name, true)
	s.AddRange(names)
	return s, err
}

// HasPrefix reports whether a path begins with prefix, under NTFS equality.
func HasPrefix(path, prefix string) bool { return hasPrefixKey(path, prefix) }

// lowerFolder is the first id whose folder is not before prefix, or with past,
// behind all that begin with prefix.
func (d *Dict) lowerFolder(prefix string, past bool) (uint32, error) {
	before := func(folder []byte) bool {
		return compareKey(folder, prefix) < 0 || past && hasPrefixKey(folder, prefix)
	}
	at := sort.Search(len(d.folders), func(i int) bool { return !before([]byte(d.folders[i].first)) }) - 1
	if at < 0 {
		return 0, nil
	}
	r, ok, err := d.seekFolders(at, func(head []byte) bool { return !before(head) })
	if err != nil {
		return 0, err
	}
	for ok {
		more, err := r.nextGroup()
		if err != nil {
			return 0, err
		}
		if !more {
			break
		}
		if !before(r.folder.text) {
			ids, err := d.groupAt(at, r.folder.names)
			return ids.From, err
		}
	}
	return d.idsOf(d.folders, at).To, nil
}
