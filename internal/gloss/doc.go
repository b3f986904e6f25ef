// Package gloss puts what records and raw events hold into words: the names of
// a record's details, their known values, the fields of an event with their
// masks, message numbers and codes, and the reason why a record is inferred.
//
// It is not for what a rule proves (convert says that) nor for layout (cli and
// web). It reads names and values only; it concludes nothing.
//
// Invariant: what comes back is safe to show (record.Visible), and an unknown
// name or value stands for itself. Concurrency: functions only.
package gloss
