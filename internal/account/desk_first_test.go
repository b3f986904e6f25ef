package account

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestFirstStart(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	d, h := w.desk(DeskOptions{})
	if err := d.CheckFirst(ctx, ""); !errors.Is(err, ErrFirst) {
		t.Errorf("no code was made, and the empty one gives %v", err)
	}
	code, err := d.FirstCode(ctx)
	if err != nil || len(code) < 20 {
		t.Fatalf("code %q, %v", code, err)
	}
	b := newBrowser(t, h, "127.0.0.1")
	first := func(code, name, password string) int {
		c, _ := b.get("/first?code=" + code + "&name=" + name + "&password=" + strings.ReplaceAll(password, " ", "+"))
		return c
	}
	if first("wrong", "boss", good) != 403 || first(code, "boss", "short") != 403 {
		t.Error("a wrong code or password was taken")
	}
	w.clock.add(firstLife + time.Second)
	if first(code, "boss", good) != 403 {
		t.Error("an old code was taken")
	}
	w.clock.add(-firstLife - time.Second) // sessions go by the real time
	if code, err = d.FirstCode(ctx); err != nil {
		t.Fatal(err)
	}
	for range firstTries {
		first("wrong", "boss", good)
	}
	if first(code, "boss", good) != 403 {
		t.Error("a code that was tried too often was taken")
	}
	if code, err = d.FirstCode(ctx); err != nil {
		t.Fatal(err)
	}
	if first(strings.ToLower(code), "boss", good) != 200 {
		t.Error("the code was refused")
	}
	b.is("boss [see export hold trail import manage settings people]")
	if first(code, "second", good) != 403 {
		t.Error("a code was taken twice")
	}
	if code, err = d.FirstCode(ctx); err != nil || code != "" {
		t.Errorf("a code although there are people: %q, %v", code, err)
	}
}

func TestDemo(t *testing.T) {
	w := newWorld(t)
	_, h := w.desk(DeskOptions{})
	b := newBrowser(t, h, "127.0.0.1")
	if c, _ := b.get("/demo"); c != 403 {
		t.Error("a folder that is no demonstration lets everybody in")
	}
	_, open := w.desk(DeskOptions{Demo: true})
	d := newBrowser(t, open, "127.0.0.1")
	d.is("nobody")
	d.get("/demo")
	d.is("demo [see export unmask hold approve")
	// The same session at a desk that is not open any more.
	d.h = h
	d.is("nobody")
}
