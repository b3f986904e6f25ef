// Package pace lets long work give way, and keeps it to a rate (Rate) and to little memory
// (Memory). Whoever starts it puts a function into the context, and the work calls Yield
// between its pieces.
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

type (
	key      struct{}
	progress struct{}
	pieces   struct{}
)

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

// WithProgress returns a context whose work tells fn how many pieces of a long part of
// it are done, of how many. fn may be called by several goroutines, one at a time.
func WithProgress(ctx context.Context, fn func(done, all int)) context.Context {
	return context.WithValue(ctx, progress{}, fn)
}

// Progress tells whoever wants to know how far the work is.
func Progress(ctx context.Context, done, all int) {
	if fn, ok := ctx.Value(progress{}).(func(done, all int)); ok {
		fn(done, all)
	}
}

// WithPieces returns a context whose work tells fn how many of its pieces are done, of
// how many. fn may be called by several goroutines.
func WithPieces(ctx context.Context, fn func(done, all int)) context.Context {
	return context.WithValue(ctx, pieces{}, fn)
}

// Pieces tells whoever wants to know how many pieces are done.
func Pieces(ctx context.Context, done, all int) {
	if fn, ok := ctx.Value(pieces{}).(func(done, all int)); ok {
		fn(done, all)
	}
}
