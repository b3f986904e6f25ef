package convert

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestClone: a copy of the state gives the records that a restored checkpoint
// gives, shares no memory with it, and leaves it as it was.
func TestClone(t *testing.T) {
	paths := playPaths()
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 9))
		p := &play{b: newLog(), bytes: make([]byte, 4000)}
		for i := range p.bytes {
			p.bytes[i] = byte(rng.Uint32())
		}
		for p.event(paths) {
		}
		c := New("FS-A.example.test", Options{})
		for i, e := range p.b.events {
			c.Add(e)
			if i%97 != 0 {
				continue
			}
			c.Take()
			r, err := Restore("FS-A.example.test", Options{}, c.AppendCheckpoint(nil))
			if err != nil {
				t.Fatal(err)
			}
			s := c.s.clone()
			alone(t, "state", reflect.ValueOf(s).Elem(), reflect.ValueOf(c.s).Elem())
			if d := cmp.Diff(lines(r.Tail()), lines(c.Tail())); d != "" {
				t.Fatalf("seed %d, %d events (-restored +copied):\n%s", seed, i, d)
			}
		}
	}
}

// alone fails when a and b share memory that may change.
func alone(t *testing.T, at string, a, b reflect.Value) {
	t.Helper()
	switch a.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice:
		if a.Kind() == reflect.Slice && a.Cap() == 0 || a.IsNil() {
			return
		}
		if a.Pointer() == b.Pointer() {
			t.Fatalf("%s is shared", at)
		}
	}
	switch a.Kind() {
	case reflect.Pointer:
		alone(t, at, a.Elem(), b.Elem())
	case reflect.Struct:
		for i := range a.NumField() {
			f := a.Type().Field(i)
			if f.Type == reflect.TypeFor[*lastShare]() { // derived, and the same for both
				continue
			}
			alone(t, at+"."+f.Name, a.Field(i), b.Field(i))
		}
	case reflect.Slice, reflect.Array:
		for i := range min(a.Len(), b.Len()) {
			alone(t, at+"[]", a.Index(i), b.Index(i))
		}
	case reflect.Map:
		for it := a.MapRange(); it.Next(); {
			alone(t, at+"{}", it.Value(), b.MapIndex(it.Key()))
		}
	}
}
