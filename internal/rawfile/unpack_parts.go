package rawfile

import (
	"github.com/akashi-audit/akashi/internal/column"
	"github.com/akashi-audit/akashi/internal/event"
)

// readKinds is the inverse of appendKinds.
func (r *blockReader) readKinds(in *column.Reader) {
	if in.Len() > maxKinds {
		in.Fail("kinds of %d bytes", in.Len())
		return
	}
	text := in.Texts()
	str := func(n uint64) string {
		if n >= uint64(len(text)) {
			in.Fail("text %d of %d", n, len(text))
			return ""
		}
		return text[n]
	}
	schemas := []*event.Schema{nil}
	for range in.Uvarint(maxTypes) {
		payload := str(in.Uvarint(1<<32 - 1))
		names := make([]string, in.Uvarint(min(maxSlots, uint64(in.Len()))))
		for i := range names {
			names[i] = str(in.Uvarint(1<<32 - 1))
		}
		if in.Err() != nil {
			return
		}
		schemas = append(schemas, event.NewSchema(payload, names))
	}
	kinds := make([]kind, in.Uvarint(maxTypes))
	v := make([]uint64, len(kinds))
	for _, c := range [...]struct {
		limit uint64
		set   func(*kind, uint64)
	}{
		{1<<32 - 1, func(k *kind, n uint64) { k.provider = str(n) }},
		{1<<32 - 1, func(k *kind, n uint64) { k.channel = str(n) }},
		{1<<32 - 1, func(k *kind, n uint64) { k.computer = str(n) }},
		{uint64(len(schemas) - 1), func(k *kind, n uint64) { k.schema = schemas[n] }},
		{maxSlots, func(k *kind, n uint64) { k.values = int(n) }},
		{1<<64 - 1, func(k *kind, n uint64) { k.keywords = n }},
		{1<<32 - 1, func(k *kind, n uint64) { k.id = uint32(n) }},
		{1<<32 - 1, func(k *kind, n uint64) { k.generation = uint32(n) }},
		{1<<16 - 1, func(k *kind, n uint64) { k.task = uint16(n) }},
		{1<<16 - 1, func(k *kind, n uint64) { k.qualifiers = uint16(n) }},
		{1<<8 - 1, func(k *kind, n uint64) { k.version = uint8(n) }},
		{1<<8 - 1, func(k *kind, n uint64) { k.level = uint8(n) }},
		{1<<8 - 1, func(k *kind, n uint64) { k.opcode = uint8(n) }},
	} {
		column.Numbers(in, v, c.limit, false)
		for i := range kinds {
			c.set(&kinds[i], v[i])
		}
	}
	if in.Err() == nil {
		r.kinds = kinds
	}
}

// readTexts is the inverse of appendTexts.
func (r *blockReader) readTexts(in *column.Reader) {
	folders, _ := in.Folders(maxFolders)
	names := in.Texts()
	if len(names) > maxValues+systemFields*MaxEvents {
		in.Fail("%d texts", len(names))
	}
	if in.Err() != nil {
		return
	}
	of := make([]uint32, len(names))
	column.Numbers(in, of, uint64(len(folders)-1), false)
	total := 0
	for i, f := range of {
		if total += len(folders[f]) + len(names[i]); total > maxSection {
			in.Fail("texts of more than %d bytes", maxSection)
			return
		}
	}
	r.texts = column.Join(folders, of, names)
}

// readDict is the inverse of appendDict; it has at most limit values.
func (r *blockReader) readDict(in *column.Reader, limit int) []event.Value {
	known := uint32(in.Uvarint(1<<32 - 1))
	vals := make([]event.Value, in.Uvarint(uint64(limit)))
	heads := make([]uint32, len(vals))
	column.Numbers(in, heads, 1<<9-1, true)
	strs, nums := 0, 0
	for i, h := range heads {
		k := event.Kind(h >> 1)
		vals[i].Kind = k
		if h&1 != 0 || usesStr(k) {
			strs++
		}
		if h&1 != 0 || usesNum(k) {
			nums++
		}
	}
	forms := make([]uint8, strs)
	column.Numbers(in, forms, textGUID, false)
	plain, numbers := 0, 0
	for _, f := range forms {
		switch f {
		case textPlain:
			plain++
		case textGUID:
			numbers += 2
		default:
			numbers++
		}
	}
	texts, textNums, num := make([]uint32, plain), make([]uint64, numbers), make([]uint64, nums)
	column.Numbers(in, texts, uint64(len(r.texts)), false)
	column.Numbers(in, textNums, 1<<64-1, false)
	column.Numbers(in, num, 1<<64-1, false)
	if in.Err() != nil {
		return nil
	}
	type spelled struct{ at, end int } // value, end of its text in buf
	made := make([]spelled, 0, strs-plain)
	var buf []byte
	for i, h := range heads {
		v := &vals[i]
		if h&1 != 0 || usesNum(v.Kind) {
			v.Num, num = num[0], num[1:]
		}
		if h&1 == 0 && !usesStr(v.Kind) {
			continue
		}
		form := forms[0]
		forms = forms[1:]
		switch form {
		case textPlain:
			n := texts[0]
			if texts = texts[1:]; n == 0 {
				n = known
				known++
			}
			if int(n) > len(r.texts) || n == 0 {
				in.Fail("text %d of %d", n, len(r.texts))
				return nil
			}
			v.Str = r.texts[n-1]
		case textGUID:
			buf = appendText(buf, form, textNums[0], textNums[1])
			made, textNums = append(made, spelled{i, len(buf)}), textNums[2:]
		default:
			buf = appendText(buf, form, textNums[0], 0)
			made, textNums = append(made, spelled{i, len(buf)}), textNums[1:]
		}
	}
	all, from := string(buf), 0
	for _, m := range made {
		vals[m.at].Str, from = all[from:m.end], m.end
	}
	return vals
}

// events makes the events of some rows.
func (r *blockReader) events(rows []uint32) []*event.Event {
	total := 0
	for _, row := range rows {
		total += r.kinds[r.of[row]].values
	}
	values := make([]event.Value, total)
	store := make([]event.Event, len(rows))
	l := make([]*event.Event, len(rows))
	for i, row := range rows {
		k := &r.kinds[r.of[row]]
		e := &store[i]
		l[i] = e
		e.Provider, e.Channel, e.Computer, e.Keywords = k.provider, k.channel, k.computer, k.keywords
		e.ID, e.Generation, e.Task, e.Qualifiers = k.id, k.generation, k.task, k.qualifiers
		e.Version, e.Level, e.Opcode, e.Schema = k.version, k.level, k.opcode, k.schema
		e.Time, e.RecordID = event.Filetime(r.times[row]), r.ids[row]
		for f := range systemFields {
			setSystem(e, f, &r.dicts[f][r.code[f][row]-1])
		}
		if k.values == 0 {
			continue
		}
		e.Values, values = values[:k.values:k.values], values[k.values:]
		for s, f := range r.l.slots[r.of[row]] {
			e.Values[s] = r.dicts[f][r.code[f][row]-1]
		}
	}
	return l
}

// rule reads what the column at a place of the order follows.
func (r *blockReader) rule(in *column.Reader, at int) rule {
	n := int(in.Uvarint(uint64(2*at + 1)))
	rl := rule{byNothing, n&1 != 0}
	if n >= 2 {
		rl.parent = r.order[n/2-1]
	}
	return rl
}
