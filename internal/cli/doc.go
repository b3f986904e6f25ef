// Package cli is the command line: one file per command, each with its options,
// its flags and a run function that tests call directly.
//
// It holds no logic of its own beyond reading options and writing answers.
// Answers go to standard output; progress, notes and errors to standard error,
// in the user's language.
package cli
