//go:build amd64 || arm64

package convert

import "unsafe"

// prefetch asks the processor for the line of its cache that holds p.
//
//go:noescape
func prefetch(p unsafe.Pointer)

// prefetchLines asks for n lines from p on; n is not 0.
//
//go:noescape
func prefetchLines(p unsafe.Pointer, n uintptr)
