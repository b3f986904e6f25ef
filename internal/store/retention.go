package store

import "github.com/akashi-audit/akashi/internal/segment"

// Term says how long records stay.
type Term struct {
	Months int    `json:"months"` // whole calendar months; 0 = for ever
	By     string `json:"by"`
	Ground string `json:"ground,omitempty"`
	Time   int64  `json:"time"` // Unix ns
}

// Schedule is the retention of a data folder. Only a confirmed term deletes
// anything.
type Schedule struct {
	Proposed  *Term `json:"proposed,omitempty"`
	Confirmed *Term `json:"confirmed,omitempty"`
}

// Expired is a month of a server that was deleted.
type Expired struct {
	Server  string        `json:"server"`
	Month   segment.Month `json:"month"`
	Records int64         `json:"records"`
	Events  int64         `json:"events"`
	Bytes   int64         `json:"bytes"`
	Time    int64         `json:"time"` // Unix ns
}
