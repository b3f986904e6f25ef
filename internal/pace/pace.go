// Package pace lets long work give way: whoever starts it puts a function into
// the context, and the work calls Yield between its pieces.
//
// It decides nothing about who goes first; package server does.
//
// Concurrency: Yield may be called by several goroutines of one piece of work.
package pace

import (
	"context"
	"errors"
)

// Errors that end work which had to give way.
var (
	// ErrBusy: it waited for its turn until its time was over.
	ErrBusy = errors.New("too many long searches are running")
	// ErrTooLong: it took longer than it may.
	ErrTooLong = errors.New("the search took too long")
)

type key struct{}

// With returns a context whose work calls fn between its pieces. fn may wait; its
// error ends the work.
func With(ctx context.Context, fn func(context.Context) error) context.Context {
	return context.WithValue(ctx, key{}, fn)
}

// Yield is called between pieces of work, a few milliseconds each at most. Its
// error is that of the context, or of the function.
func Yield(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if fn, ok := ctx.Value(key{}).(func(context.Context) error); ok {
		return fn(ctx)
	}
	return nil
}
