//go:build !amd64 && !arm64

package convert

import "unsafe"

// Elsewhere nothing is asked for ahead of time.

func prefetch(unsafe.Pointer) {}

func prefetchLines(unsafe.Pointer, uintptr) {}
