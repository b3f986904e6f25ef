package event

// Schema is the shape of an event's payload: where it stood and what its values
// are called, in the order of the source. It is immutable.
type Schema struct {
	// Payload is the path of the element that holds the values:
	// "EventData", or "UserData/LogFileCleared", or "" when there is none.
	Payload string
	// Names of the values. For EventData the Data Name attribute ("" when it
	// has none); below UserData the path of the element, joined with "/", and
	// "…/@name" for an attribute.
	Names []string

	slot [numFields]int16
}

// NewSchema makes a schema. The names are not copied.
func NewSchema(payload string, names []string) *Schema {
	s := &Schema{Payload: payload, Names: names}
	for i := range s.slot {
		s.slot[i] = -1
	}
	for i, n := range names {
		if f, ok := FieldByName(n); ok && s.slot[f] < 0 && i < 1<<15 {
			s.slot[f] = int16(i)
		}
	}
	return s
}

// Slot is the index of f in Values, or -1.
func (s *Schema) Slot(f Field) int {
	if s == nil {
		return -1
	}
	return int(s.slot[f])
}

// Fields is a set of payload fields. The zero value is empty.
type Fields struct{ bits, unread fieldBits }

type fieldBits [(numFields + 63) / 64]uint64

func (b *fieldBits) has(f Field) bool { return b[f/64]>>(f%64)&1 != 0 }

func (b *fieldBits) add(f Field) { b[f/64] |= 1 << (f % 64) }

// FieldsOf makes a set.
func FieldsOf(fields ...Field) *Fields {
	s := &Fields{}
	for _, f := range fields {
		s.bits.add(f)
	}
	return s
}

// Unread says that of these fields, which are in the set, texts, SIDs and GUIDs
// may be left as values of KindUnread: their reader knows most of them by their
// bytes.
func (s *Fields) Unread(fields ...Field) *Fields {
	for _, f := range fields {
		s.unread.add(f)
	}
	return s
}

// Has reports whether f is in the set.
func (s *Fields) Has(f Field) bool { return s.bits.has(f) }

// Slots tells which of the first 64 values of a schema are of fields in the set,
// and which of them may be left unread: bit i stands for value i.
func (s *Fields) Slots(of *Schema) (needed, unread uint64) {
	for f, i := range of.slot {
		if i >= 0 && i < 64 && s.Has(Field(f)) {
			needed |= 1 << i
			if s.unread.has(Field(f)) {
				unread |= 1 << i
			}
		}
	}
	return needed, unread
}
