// Package coverage tells how complete the logs of one server are: missing
// record ids, silence, cleared and full logs, boots, clock and audit policy
// changes, and which audit subcategories the events prove to be on.
//
// It is not for reading files (collect) nor for records of what people did
// (convert), and it knows no damage inside a file: the caller does.
//
// Invariant: a Report is a function of the events alone, in merge order; how
// they were split over files does not matter. Lists are bounded (see the
// constants), counts are not. A Tracker is for one goroutine at a time.
package coverage
