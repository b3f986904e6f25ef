// Package job runs work in the background that takes longer than a page may:
// exports, evidence bundles, imports, sealing, checks of the archive.
//
// A job belongs to the visitor who started it and works with that visitor's
// rights and scope of that moment: its context carries the visitor. What it
// makes lies in the folder DirName/ID of the data folder, with size and SHA-256
// in the state database, and is removed when the time is up.
//
// It does not know what the kinds do, who a person is, nor how a page looks.
// Files of jobs are copies that anybody can make again, and go after some days:
// they are neither in the sealed list of the data folder's files (package
// manifest) nor in a snapshot. That something left the folder is a leaf of the
// seal, which the kind writes.
//
// Invariants: a job that Submit returned survives the end of the process; one
// that was running starts again when its kind can, and is marked interrupted
// otherwise; a job ends once.
//
// Concurrency: a Runner is safe for concurrent use, one per data folder. A Task
// belongs to the function that runs it, and its methods may be called by several
// goroutines.
package job
