package query

import (
	"github.com/akashi-audit/akashi/internal/record"
)

// Query is the conditions of a search. Conditions of different kinds must all
// hold; of several values of one kind, one must (of Words each must). The zero
// Query finds all records of class user.
type Query struct {
	Users   []string // DOMAIN\name, name alone, or SID; case-insensitive
	Words   []string // each is a substring of path or new_path, folded (Fold); local or UNC form
	Paths   []string // the same, of which one must hold; with * or ? a pattern, see Pattern
	Files   []string // exact path or new_path under NTFS equality; local or UNC form
	Folders []string // path or new_path is this folder or lies below it; local or UNC form
	Ops     []record.Op
	Results []record.Result
	Objects []record.Object
	// Confidences: certain, inferred.
	Confidences []record.Confidence
	Clients     []string // client_ip or client_name, case-insensitive
	Servers     []string // full name or host part, case-insensitive
	Processes   []string // full path or last name, case-insensitive
	Rules       []string // rule ids, case-insensitive
	Sessions    []uint64
	From        int64          // Unix ns, inclusive; 0 = no bound
	To          int64          // Unix ns, exclusive; 0 = no bound
	Classes     []record.Class // empty = user; see AllClasses
	// Not leaves out every record that meets one of its conditions.
	Not Exclusion
	// Lives, when set, must hold as well: the path or new_path is one of these
	// names at that time. It is how the whole life of a file is searched.
	Lives []Life
	// Within must hold as well, and for every answer: it is what the asker may see.
	Within Extent
	// HideNetworkLogons leaves out successful logon and logoff records of
	// logon type 3, as pages do by default.
	HideNetworkLogons bool

	// Superseded finds, instead of the records that hold, earlier ones that a
	// later conversion replaced.
	Superseded bool

	// Removed finds, instead of what an answer gives, records that the term of a class
	// took out of the store and that the archive still has.
	Removed bool

	// HeldOnly leaves out the days that only the archive has. It is no condition of
	// the language: whoever wants names for a form does not wait for the archive.
	HeldOnly bool

	Oldest bool   // oldest first; else newest first
	Limit  int    // most records of one page; 0 = the store's default (100)
	Cursor string // where the previous page ended; "" = the beginning
	Lists  Lists  // of Facets: which lists are wanted; 0 = all
	Top    int    // of Facets: most entries of each list; 0 = the store's default (50)
	// Near: of PathsMore it is enough whether it is 0; else it may be too low. To count
	// the paths of many months, the names of all of them are read.
	Near  bool
	Trace *Trace // told how the query was answered; nil = not wanted
}

// Exclusion is conditions none of which may hold. The kinds mean what they
// mean in Query; Paths holds what is a word or a path there.
type Exclusion struct {
	Users, Paths, Files, Folders       []string
	Ops                                []record.Op
	Results                            []record.Result
	Objects                            []record.Object
	Confidences                        []record.Confidence
	Clients, Servers, Processes, Rules []string
	Sessions                           []uint64
	Classes                            []record.Class
}

// Life is one name of a file or folder on one server for some time.
type Life struct {
	Server string // full name
	Path   string // server-local, NTFS equality
	Folder bool   // what lies below counts too
	From   int64  // Unix ns, inclusive; 0 = no bound
	To     int64  // Unix ns, exclusive; 0 = no bound
}

// Lists says which lists of Facets are wanted; the others may stay empty.
// Total, First and Last are always there.
type Lists uint16

// The lists of Facets.
const (
	ListPeople Lists = 1 << iota
	ListOps
	ListResults
	ListClients
	ListServers
	ListFolders
	ListPaths
	ListDays
	ListHours
	ListFiles // only when asked for by name
)

// Has reports whether l asks for the list.
func (l Lists) Has(list Lists) bool { return l == 0 && list != ListFiles || l&list != 0 }

// AllClasses is the value of Classes for --class all.
func AllClasses() []record.Class { return record.Classes() }

// Page is one page of records, newest first.
type Page struct {
	Records []record.Record
	Next    string // cursor of the next page, "" when there is none
	Reached
}

// Count is a value with its number of records.
type Count struct {
	Value string
	N     uint64
}

// PersonCount is what one person did.
type PersonCount struct {
	User, SID   string
	N           uint64
	Ops         map[record.Op]uint64
	Denied      uint64   // results other than success
	First, Last int64    // Unix ns
	Clients     []string // distinct, at most 8
}

// DayCount is one calendar day in the data folder's zone.
type DayCount struct {
	Day    string // 2026-11-22
	N      uint64
	Ops    map[record.Op]uint64
	Denied uint64
}

// Facets are the counts over everything that a query finds, not over one page.
type Facets struct {
	Total       uint64
	First, Last int64         // Unix ns; 0 when Total is 0
	People      []PersonCount // most records first
	PeopleMore  int           // people beyond the list
	Ops         []Count
	Results     []Count
	Clients     []Count
	Servers     []Count
	Folders     []Count
	Paths       []Count
	PathsMore   int            // paths beyond the list
	Days        []DayCount     // ascending, days without records included between the first and the last
	Hours       *[7][24]uint64 // by weekday (Sunday first) and hour in the data folder's zone
	Files       []FileCount    // of ListFiles: path and new path count, most records first
	FilesMore   int            // files beyond the list
	Reached
	// Partial: the days of the archive took too long and are not counted.
	Partial bool
}

// FileCount is how often one path was touched.
type FileCount struct {
	Path        string
	N           uint64
	First, Last int64 // Unix ns
}
