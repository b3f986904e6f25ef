package rawfile

import (
	"encoding/binary"

	"github.com/akashi-audit/akashi/internal/column"
	"github.com/akashi-audit/akashi/internal/event"
)

// appendKinds writes the table of texts, the schemas and the kinds, by column.
func (p *Packer) appendKinds(b []byte) []byte {
	t := column.NewTable()
	var shapes []byte
	for i := range p.list {
		s := p.list[i].schema
		if s == nil || p.shape[s] != 0 {
			continue
		}
		p.schemas = append(p.schemas, s)
		p.shape[s] = uint32(len(p.schemas))
		shapes = binary.AppendUvarint(shapes, uint64(t.Add(s.Payload)))
		shapes = binary.AppendUvarint(shapes, uint64(len(s.Names)))
		for _, name := range s.Names {
			shapes = binary.AppendUvarint(shapes, uint64(t.Add(name)))
		}
	}
	var columns []byte
	for _, get := range [...]func(*kind) uint64{
		func(k *kind) uint64 { return uint64(t.Add(k.provider)) },
		func(k *kind) uint64 { return uint64(t.Add(k.channel)) },
		func(k *kind) uint64 { return uint64(t.Add(k.computer)) },
		func(k *kind) uint64 { return uint64(p.shape[k.schema]) },
		func(k *kind) uint64 { return uint64(k.values) },
		func(k *kind) uint64 { return k.keywords },
		func(k *kind) uint64 { return uint64(k.id) },
		func(k *kind) uint64 { return uint64(k.generation) },
		func(k *kind) uint64 { return uint64(k.task) },
		func(k *kind) uint64 { return uint64(k.qualifiers) },
		func(k *kind) uint64 { return uint64(k.version) },
		func(k *kind) uint64 { return uint64(k.level) },
		func(k *kind) uint64 { return uint64(k.opcode) },
	} {
		p.nums = p.nums[:0]
		for i := range p.list {
			p.nums = append(p.nums, get(&p.list[i]))
		}
		columns = column.AppendNumbers(columns, p.nums, false)
	}
	b = t.Append(b)
	b = binary.AppendUvarint(b, uint64(len(p.schemas)))
	b = append(b, shapes...)
	b = binary.AppendUvarint(b, uint64(len(p.list)))
	return append(b, columns...)
}

// Forms of a text in a dictionary.
const (
	textPlain   = iota // number in the table of texts
	textDecimal        // a number
	textHex            // 0x and a number, small letters
	textGUID           // {…}, capital letters: two numbers
)

// appendDict writes the values of a field: the kinds, each with a bit for a
// value that uses the half that its kind does not, the forms of the texts, the
// texts, the numbers. Before them stands the number of texts that the fields
// before have named, so that a field can be read alone.
func (p *Packer) appendDict(b []byte, vals []event.Value) []byte {
	b = binary.AppendUvarint(b, uint64(p.known))
	heads := make([]uint32, 0, len(vals))
	var forms []uint8
	var texts []uint32
	var nums, textNums []uint64
	for i := range vals {
		v := &vals[i]
		str, num := usesStr(v.Kind), usesNum(v.Kind)
		head := uint32(v.Kind) << 1
		if v.Str != "" && !str || v.Num != 0 && !num {
			str, num, head = true, true, head|1
		}
		heads = append(heads, head)
		if num {
			nums = append(nums, v.Num)
		}
		if !str {
			continue
		}
		form, lo, hi := textForm(v.Str)
		forms = append(forms, form)
		switch form {
		case textPlain:
			texts = append(texts, fresh(p.texts.Add(v.Str)+1, &p.known))
		case textGUID:
			textNums = append(textNums, lo, hi)
		default:
			textNums = append(textNums, lo)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(vals)))
	b = column.AppendNumbers(b, heads, true)
	b = column.AppendNumbers(b, forms, false)
	b = column.AppendNumbers(b, texts, false)
	b = column.AppendNumbers(b, textNums, false)
	return column.AppendNumbers(b, nums, false)
}

// appendTexts writes the folders and the table of texts.
func (p *Packer) appendTexts(b []byte) []byte {
	in := make([]uint32, p.texts.Len())
	names := make([]string, p.texts.Len())
	for i := range in {
		in[i], names[i] = p.folders.Split(p.texts.Text(uint32(i)))
	}
	b = p.folders.Append(b)
	b = column.AppendTexts(b, names)
	return column.AppendNumbers(b, in, false)
}
