// Package deliver sends a signed checkpoint out: into a folder, by mail or to a syslog
// server. It is not for deciding what is owed nor for keeping what was sent: the engine
// does.
//
// Invariant: an error that is ErrUnsure says that the checkpoint may have arrived; any
// other error that it did not, so that it can be sent again. A folder gets the same
// file however often it is sent. Nothing of what was recorded leaves with a checkpoint:
// it holds a name of the log, two numbers and a hash. Targets are for one goroutine at
// a time.
package deliver
