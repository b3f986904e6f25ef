// Package simulate makes the event logs of Windows file servers whose users it
// invents, together with the truth of what they did.
//
// It serves demonstrations, tests and measurements, and never a claim about a
// real server: the sequences follow windows-events.md sections 4 and 7, where
// real servers vary. It knows events (event), the log format (evtx) and, for
// Records and Bulk only, finished records (record); it knows no rule of convert.
//
// Invariants: the same seed and options give the same bytes; every event
// carries event.SimulationActivity, so that a production folder can refuse it;
// every raw record id of an Action names an event of the same output; record
// ids follow each other per server and channel and times never step back.
//
// Concurrency: the functions share no state; a value that one of them returned
// belongs to the caller.
package simulate
