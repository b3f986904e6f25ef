package event

import (
	"math"
	"testing"
)

func TestValueText(t *testing.T) {
	f := func(v Value, want string) {
		t.Helper()
		if got := v.Text(); got != want {
			t.Errorf("Text(%+v) = %q, want %q", v, got, want)
		}
	}
	f(Value{}, "")
	f(String("共有\xed\xa0\x80"), "共有\xed\xa0\x80")
	f(Uint(KindInt32, uint64(math.MaxUint64)), "-1")
	f(Uint(KindHex64, 0x3e7), "0x3e7")
	f(Uint(KindBool, 2), "true")
	f(Uint(KindFiletime, 134195115241311245), "2026-04-01T10:05:24.1311245Z")
	f(Value{Kind: KindBinary, Str: "\x01\xab"}, "01AB")
	f(Value{Kind: KindArray | KindString, Str: "a\x00b\x00"}, "a,b")
	f(Uint(KindReal64, math.Float64bits(1.5)), "1.5")
}

func TestValueNumber(t *testing.T) {
	f := func(v Value, want uint64, ok bool) {
		t.Helper()
		if got, gotOK := v.Number(); got != want || gotOK != ok {
			t.Errorf("Number(%+v) = %d, %v, want %d, %v", v, got, gotOK, want, ok)
		}
	}
	f(Uint(KindHex32, 0x10080), 0x10080, true)
	f(String("0x10080"), 0x10080, true)
	f(String("1116"), 1116, true)
	f(String("-9214364837600034816"), 0x8020000000000000, true)
	f(String("-"), 0, false)
	f(Value{Kind: KindSID, Str: "S-1-5-18"}, 0, false)
	f(Value{}, 0, false)
}

func TestFiletime(t *testing.T) {
	for _, ft := range []Filetime{0, 1, unixEpoch, 134195115241311245, math.MaxUint64} {
		_ = ft.String() // no value may fail
		ns := ft.UnixNano()
		if ns != math.MinInt64 && ns != math.MaxInt64 && FromUnixNano(ns) != ft {
			t.Errorf("FromUnixNano(%d.UnixNano()) = %d", ft, FromUnixNano(ns))
		}
	}
	in := "2026-04-01T01:02:03.1234567Z"
	ft, err := ParseFiletime(in)
	if err != nil || ft.String() != in {
		t.Errorf("ParseFiletime(%q) = %s, %v", in, ft, err)
	}
}

func TestFieldNames(t *testing.T) {
	for f := Field(0); f < numFields; f++ {
		if g, ok := FieldByName(f.String()); !ok || g != f {
			t.Errorf("FieldByName(%q) = %d, %v, want %d", f.String(), g, ok, f)
		}
	}
}
