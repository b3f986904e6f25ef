package simulate

import "time"

// Action is one act of a user on one object, as it truly happened. Its JSON
// form is one line of truth.jsonl.
type Action struct {
	ID       int       `json:"id"`
	Time     time.Time `json:"time"` // of the event that proves the action
	Server   string    `json:"server"`
	User     string    `json:"user"` // DOMAIN\name
	SID      string    `json:"sid"`
	ClientIP string    `json:"client_ip"` // empty: at the console
	Op       string    `json:"op"`
	Path     string    `json:"path"` // local path on the server, or document
	NewPath  string    `json:"new_path,omitempty"`
	Result   string    `json:"result"` // success, denied, failure
	Object   string    `json:"object"` // file, directory, or empty
	// Observable says that the events prove the action and its path; the two
	// others say the same of NewPath and ClientIP.
	Observable         bool     `json:"observable"`
	NewPathObservable  bool     `json:"new_path_observable"`
	ClientIPObservable bool     `json:"client_ip_observable"`
	Class              string   `json:"class"`                // user, background
	Kind               string   `json:"kind"`                 // see Kinds
	Group              int      `json:"group"`                // the same for all objects of one gesture
	AltOps             []string `json:"alt_ops,omitempty"`    // other names that are right too
	SidePaths          []string `json:"side_paths,omitempty"` // touched by the gesture, not acts of their own

	TimeStart    time.Time `json:"time_start"`
	TimeEnd      time.Time `json:"time_end"`
	RawRecordIDs []uint64  `json:"raw_record_ids"`
}

// Values of Action that more than one gesture uses.
const (
	success    = "success"
	denied     = "denied"
	failure    = "failure"
	classUser  = "user"
	background = "background"
	objFile    = "file"
	objDir     = "directory"
)
