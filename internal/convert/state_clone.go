package convert

import (
	"reflect"
	"slices"
)

// clone copies the state: what happens to one does not touch the other. It is
// what a checkpoint and its restoring would give, for a hundredth of the work.
func (s *state) clone() *state {
	c := *s
	x := cloner{deep: map[reflect.Type][]int{}}
	x.value(reflect.ValueOf(&c).Elem())
	return &c
}

// cloner makes flat copies deep. Only exported fields hold memory of their own;
// what is derived may be shared, or is part of the thing itself.
type cloner struct {
	deep map[reflect.Type][]int // the fields of a struct that a flat copy shares
}

// cloned is a part of the state that makes its flat copy deep by itself.
type cloned interface{ own(x *cloner) }

func clonedOf(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[cloned]())
}

// shares reports whether flat copies of a type share memory that may change.
func (x *cloner) shares(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Slice, reflect.Map, reflect.Pointer:
		return true
	case reflect.Array:
		return x.shares(t.Elem())
	case reflect.Struct:
		return clonedOf(t) || len(x.fields(t)) > 0
	}
	return false
}

func (x *cloner) fields(t reflect.Type) []int {
	l, ok := x.deep[t]
	if !ok {
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && x.shares(f.Type) {
				l = append(l, i)
			}
		}
		x.deep[t] = l
	}
	return l
}

// value makes v, which is a flat copy, a deep one.
func (x *cloner) value(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		if t, ok := v.Addr().Interface().(cloned); ok {
			t.own(x)
			return
		}
		for _, i := range x.fields(v.Type()) {
			x.value(v.Field(i))
		}
	case reflect.Array:
		if x.shares(v.Type()) {
			for i := range v.Len() {
				x.value(v.Index(i))
			}
		}
	case reflect.Slice:
		if v.Len() == 0 {
			v.SetZero()
			return
		}
		c := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(c, v)
		if x.shares(v.Type().Elem()) {
			for i := range c.Len() {
				x.value(c.Index(i))
			}
		}
		v.Set(c)
	case reflect.Map:
		c := reflect.MakeMapWithSize(v.Type(), v.Len())
		e := reflect.New(v.Type().Elem()).Elem()
		for it := v.MapRange(); it.Next(); {
			e.Set(it.Value())
			x.value(e)
			c.SetMapIndex(it.Key(), e)
		}
		v.Set(c)
	case reflect.Pointer:
		c := reflect.New(v.Type().Elem())
		c.Elem().Set(v.Elem())
		x.value(c.Elem())
		v.Set(c)
	}
}

// ownPtr is a deep copy of *v in space.
func ownPtr[V any](x *cloner, space, v *V) *V {
	*space = *v
	x.value(reflect.ValueOf(space).Elem())
	return space
}

func (t *table[V]) own(x *cloner) {
	t.slots, t.trace = slices.Clone(t.slots), nil
	space := make([]V, t.n)
	for i := range t.slots {
		if s := &t.slots[i]; s.v != nil {
			s.v = ownPtr(x, &space[0], s.v)
			space = space[1:]
		}
	}
}

func (t *nameTable[V]) own(x *cloner) {
	t.slots = slices.Clone(t.slots)
	space := make([]V, t.n)
	for i := range t.slots {
		if s := &t.slots[i]; s.v != nil {
			s.v = ownPtr(x, &space[0], s.v)
			space = space[1:]
		}
	}
}

func (h *handles) own(x *cloner) {
	h.usual.own(x)
	odd := h.odd
	h.odd = nil
	for k, v := range odd {
		h.put(k, ownPtr(x, new(handle), v))
	}
}

func (f *facts) own(*cloner) { f.slots, f.spare, f.trace = slices.Clone(f.slots), nil, nil }

func (l *lane) own(*cloner) { l.queue, l.head = slices.Clone(l.queue[l.head:]), 0 }
