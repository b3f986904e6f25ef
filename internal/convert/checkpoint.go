package convert

import (
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
)

// checkpointMagic begins a checkpoint; its last byte is the version of state.
const checkpointMagic = "akcv\x09"

// AppendCheckpoint appends the complete state: Restore gives a converter that
// goes on as this one would.
func (c *Converter) AppendCheckpoint(b []byte) []byte {
	c.entered()
	b = append(b, checkpointMagic...)
	e := encoder{b: b, strs: map[string]uint64{}, fields: exported{}}
	e.value(reflect.ValueOf(c.server))
	e.value(reflect.ValueOf(c.s).Elem())
	return e.b
}

// Restore makes a converter from a checkpoint. server and opt must be those of
// the converter that wrote it. Bytes that are no checkpoint give an error.
func Restore(server string, opt Options, checkpoint []byte) (*Converter, error) {
	if len(checkpoint) < len(checkpointMagic) || string(checkpoint[:len(checkpointMagic)]) != checkpointMagic {
		return nil, errors.New("converter checkpoint: unknown form")
	}
	d := decoder{b: checkpoint[len(checkpointMagic):], fields: exported{}}
	c := New(server, opt)
	var name string
	d.value(reflect.ValueOf(&name).Elem())
	d.value(reflect.ValueOf(c.s).Elem())
	switch {
	case d.err != nil:
		return nil, fmt.Errorf("converter checkpoint: %w", d.err)
	case len(d.b) != 0:
		return nil, errors.New("converter checkpoint: bytes left over")
	case !c.s.sound():
		return nil, errors.New("converter checkpoint: numbers that point nowhere")
	case name != server:
		return nil, fmt.Errorf("converter checkpoint of server %q, want %q", name, server)
	}
	c.s.Timers.restored()
	c.beginTrace()
	return c, nil
}

// sound reports whether what the decoder cannot know holds.
func (s *state) sound() bool {
	for q, a := range s.Acts.all() {
		if a.Seq != q || a.Rule >= numRules {
			return false
		}
	}
	for n, ch := range s.Channels {
		if ch.Name != n {
			return false
		}
	}
	for l, x := range s.Sessions.all() {
		if x.Logon != l {
			return false
		}
	}
	return true
}

// encoder writes values by reflection: numbers as varints, strings once.
type encoder struct {
	b      []byte
	strs   map[string]uint64
	fields exported
}

// exported lists the fields of a type that are in a checkpoint: the others are
// derived.
type exported map[reflect.Type][]int

func (x exported) of(t reflect.Type) []int {
	l, ok := x[t]
	if !ok {
		for i := range t.NumField() {
			if t.Field(i).IsExported() {
				l = append(l, i)
			}
		}
		x[t] = l
	}
	return l
}

func (e *encoder) uint(n uint64) { e.b = binary.AppendUvarint(e.b, n) }

func (e *encoder) string(s string) {
	if n, ok := e.strs[s]; ok {
		e.uint(n)
		return
	}
	e.strs[s] = uint64(len(e.strs)) + 1
	e.uint(0)
	e.uint(uint64(len(s)))
	e.b = append(e.b, s...)
}

func (e *encoder) value(v reflect.Value) {
	if t, ok := storedOf(v); ok {
		t.encode(e)
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		n := byte(0)
		if v.Bool() {
			n = 1
		}
		e.b = append(e.b, n)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		e.b = binary.AppendVarint(e.b, v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		e.uint(v.Uint())
	case reflect.String:
		e.string(v.String())
	case reflect.Array:
		for i := range v.Len() {
			e.value(v.Index(i))
		}
	case reflect.Slice:
		e.uint(uint64(v.Len()))
		for i := range v.Len() {
			e.value(v.Index(i))
		}
	case reflect.Map:
		e.uint(uint64(v.Len()))
		for it := v.MapRange(); it.Next(); {
			e.value(it.Key())
			e.value(it.Value())
		}
	case reflect.Pointer:
		e.value(v.Elem())
	case reflect.Struct:
		for _, i := range e.fields.of(v.Type()) {
			e.value(v.Field(i))
		}
	default: // a field of a new kind: the round-trip test meets it at once
		e.b = append(e.b, 0xff)
	}
}

// decoder is the inverse. After an error it reads nothing more.
type decoder struct {
	b      []byte
	strs   []string
	fields exported
	err    error
}

func (d *decoder) fail(what string) uint64 {
	if d.err == nil {
		d.err = errors.New(what)
	}
	d.b = nil
	return 0
}

func (d *decoder) uint() uint64 {
	n, k := binary.Uvarint(d.b)
	if k <= 0 {
		return d.fail("cut or too long number")
	}
	d.b = d.b[k:]
	return n
}

// length reads a number of things of at least one byte each.
func (d *decoder) length() int {
	n := d.uint()
	if n > uint64(len(d.b)) {
		return int(d.fail("length beyond the end"))
	}
	return int(n)
}

func (d *decoder) string() string {
	if n := d.uint(); n != 0 {
		if n > uint64(len(d.strs)) {
			d.fail("string number out of range")
			return ""
		}
		return d.strs[n-1]
	}
	n := d.length()
	if d.err != nil {
		return ""
	}
	s := string(d.b[:n])
	d.b = d.b[n:]
	d.strs = append(d.strs, s)
	return s
}

func (d *decoder) value(v reflect.Value) {
	if d.err != nil {
		return
	}
	if t, ok := storedOf(v); ok {
		t.decode(d)
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(d.uint() != 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, k := binary.Varint(d.b)
		if k <= 0 || v.OverflowInt(n) {
			d.fail("number out of range")
			return
		}
		d.b = d.b[k:]
		v.SetInt(n)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n := d.uint()
		if v.OverflowUint(n) {
			d.fail("number out of range")
			return
		}
		v.SetUint(n)
	case reflect.String:
		v.SetString(d.string())
	case reflect.Array:
		for i := range v.Len() {
			d.value(v.Index(i))
		}
	case reflect.Slice:
		d.slice(v)
	case reflect.Map:
		d.mapping(v)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(v.Elem())
	case reflect.Struct:
		for _, i := range d.fields.of(v.Type()) {
			d.value(v.Field(i))
		}
	default:
		d.fail("unknown kind " + v.Kind().String())
	}
}

func (d *decoder) slice(v reflect.Value) {
	n := d.length()
	if n == 0 || d.err != nil {
		return
	}
	s := reflect.MakeSlice(v.Type(), 0, min(n, 64))
	e := reflect.New(v.Type().Elem()).Elem()
	for range n {
		e.SetZero()
		d.value(e)
		if d.err != nil {
			return
		}
		s = reflect.Append(s, e)
	}
	v.Set(s)
}

func (d *decoder) mapping(v reflect.Value) {
	n := d.length()
	k, e := v.Type().Key(), v.Type().Elem()
	for range n {
		kv, ev := reflect.New(k).Elem(), reflect.New(e).Elem()
		d.value(kv)
		d.value(ev)
		if d.err != nil {
			return
		}
		v.SetMapIndex(kv, ev)
	}
}
