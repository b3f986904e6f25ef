//go:build !linux || (!amd64 && !arm64)

package pace

// adviseHeap does nothing: the system has no large pages on request, or is too small for them.
func adviseHeap() {}
