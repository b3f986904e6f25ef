package convert

import "reflect"

// stored is what stands in a checkpoint in a form of its own: a table is written
// as the map that it stands for.
type stored interface {
	encode(e *encoder)
	decode(d *decoder)
}

// storedOf returns v as what is stored in a form of its own.
func storedOf(v reflect.Value) (stored, bool) {
	if v.Kind() != reflect.Struct || !v.CanAddr() {
		return nil, false
	}
	t, ok := v.Addr().Interface().(stored)
	return t, ok
}

func encodePtr[V any](e *encoder, v *V) { e.value(reflect.ValueOf(v).Elem()) }

func decodePtr[V any](d *decoder) *V {
	v := new(V)
	d.value(reflect.ValueOf(v).Elem())
	return v
}

func (t *table[V]) encode(e *encoder) {
	e.uint(uint64(t.n))
	for k, v := range t.all() {
		e.uint(k)
		encodePtr(e, v)
	}
}

func (t *table[V]) decode(d *decoder) {
	for range d.length() {
		k := d.uint()
		v := decodePtr[V](d)
		if d.err != nil {
			return
		}
		t.put(k, v)
	}
}

func (t *nameTable[V]) encode(e *encoder) {
	e.uint(uint64(t.n))
	for k, v := range t.all() {
		e.uint(k.Logon)
		e.string(k.Key)
		encodePtr(e, v)
	}
}

func (t *nameTable[V]) decode(d *decoder) {
	for range d.length() {
		k := pathKey{Logon: d.uint(), Key: d.string()}
		v := decodePtr[V](d)
		if d.err != nil {
			return
		}
		t.put(k, nameHash(k.Key), v)
	}
}

func (h *handles) encode(e *encoder) {
	e.uint(uint64(h.len()))
	for k, v := range h.all() {
		e.uint(k.PID)
		e.uint(k.Handle)
		encodePtr(e, v)
	}
}

func (h *handles) decode(d *decoder) {
	for range d.length() {
		k := handleKey{PID: d.uint(), Handle: d.uint()}
		v := decodePtr[handle](d)
		if d.err != nil {
			return
		}
		h.put(k, v)
	}
}

func (l *lane) encode(e *encoder) { e.value(reflect.ValueOf(l.queue[l.head:])) }

func (l *lane) decode(d *decoder) { d.value(reflect.ValueOf(&l.queue).Elem()) }
