//go:build !unix

package engine

import "time"

// cpuTime stands in for the processor time where it is not known.
func cpuTime() time.Duration { return time.Duration(time.Now().UnixNano()) }
