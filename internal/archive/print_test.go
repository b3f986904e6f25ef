package archive

import (
	"reflect"
	"testing"

	"github.com/akashi-audit/akashi/internal/record"
)

// TestPrintSeesEveryField: two records that differ in one field have other prints.
func TestPrintSeesEveryField(t *testing.T) {
	var p printer
	plain := record.Record{Detail: []record.Pair{{Key: "a", Value: "b"}}, RawIDs: []uint64{1, 2}}
	seen := map[print]string{p.of(&plain): "none"}
	see := func(name string, r *record.Record) {
		t.Helper()
		mark := p.of(r)
		if other, ok := seen[mark]; ok {
			t.Errorf("%s is changed, and the print is that of %s", name, other)
		}
		seen[mark] = name
	}
	typ := reflect.TypeFor[record.Record]()
	for i := range typ.NumField() {
		r := plain
		f := reflect.ValueOf(&r).Elem().Field(i)
		switch f.Kind() {
		case reflect.String:
			f.SetString("\xff")
		case reflect.Int64:
			f.SetInt(-1)
		case reflect.Uint8, reflect.Uint32, reflect.Uint64:
			f.SetUint(1)
		case reflect.Slice: // below
			continue
		default:
			t.Fatalf("field %s of kind %s", typ.Field(i).Name, f.Kind())
		}
		see(typ.Field(i).Name, &r)
	}
	for name, l := range map[string][]record.Pair{"no detail": nil, "value": {{Key: "a", Value: "c"}}, "key": {{Key: "ab"}}, "two": {{Key: "a", Value: "b"}, {}}} {
		r := plain
		r.Detail = l
		see(name, &r)
	}
	for name, l := range map[string][]uint64{"no ids": nil, "one id": {1}, "other id": {1, 3}} {
		r := plain
		r.RawIDs = l
		see(name, &r)
	}
}
