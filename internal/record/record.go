package record

// Record is one access record. Field names in JSON, CSV and the API are those
// of Fields, in that order.
type Record struct {
	// Source coordinates: together the ID.
	Server     string // the Computer of the events
	Channel    string
	Generation uint32
	FirstID    uint64 // EventRecordID of the first raw event
	Ordinal    uint32 // tells records apart that begin with the same event

	Time     int64 // when it happened: Unix ns, UTC
	EndTime  int64 // end of the act; Time when it has no length
	Received int64 // when the store took it; 0 outside a store

	Source     string // "windows", "samba", "simulation", …
	User       string // DOMAIN\name
	SID        string
	ClientIP   string // normalised; "local" for the console; "" unknown
	ClientName string
	Session    uint64 // logon id; 0 none
	Op         Op
	Path       string // server-local path, exact case, WTF-8; document of a print, name of a channel, account, …
	NewPath    string
	Share      string // UNC of the share: \\server\share
	ShareRoot  uint32 // how many bytes of Path are the share's local folder: UNC path = Share + Path[ShareRoot:]. Not in Fields
	Object     Object
	Result     Result
	Process    string
	Count      uint32 // raw repeats merged; at least 1
	Confidence Confidence
	Rule       string // rule id, see convert's table
	Class      Class
	Detail     []Pair // sorted by Key, keys unique

	RawIDs       []uint64 // EventRecordIDs behind it, in the same channel and generation, ascending
	RulesVersion uint32
	// SupersededBy is the version of the rules under which the server was
	// converted again with another outcome; 0 when the record holds.
	SupersededBy uint32
}

// Pair is one entry of Detail.
type Pair struct{ Key, Value string }

// OwnServer is the server of records about the program's own settings. It is
// no computer: lists and counts of servers leave it out.
const OwnServer = "(akashi)"

// fields are the names of a record's fields in output order.
var fields = [...]string{
	"id", "time", "end_time", "received", "server", "source", "user", "sid",
	"client_ip", "client_name", "session", "op", "path", "new_path", "share",
	"object", "result", "process", "count", "confidence", "rule", "class",
	"detail", "raw_record_ids", "rules_version", "superseded_by",
}

// Fields returns the names of a record's fields in output order: the keys of
// the JSON object and the header of the CSV.
func Fields() []string { return append([]string(nil), fields[:]...) }

// Get returns the value of a detail, or "".
func (r *Record) Get(key string) string {
	for _, p := range r.Detail {
		if p.Key == key {
			return p.Value
		}
	}
	return ""
}

// Set adds or replaces a detail, keeping the order. An empty value removes it.
func (r *Record) Set(key, value string) {
	for i := range r.Detail {
		switch {
		case r.Detail[i].Key == key && value == "":
			r.Detail = append(r.Detail[:i:i], r.Detail[i+1:]...)
			return
		case r.Detail[i].Key == key:
			r.Detail[i].Value = value
			return
		case r.Detail[i].Key > key && value != "":
			r.Detail = append(r.Detail[:i:i], append([]Pair{{key, value}}, r.Detail[i:]...)...)
			return
		}
	}
	if value != "" {
		r.Detail = append(r.Detail, Pair{key, value})
	}
}

// UNC is the path below its share (\\server\share\…), or "" when no share is
// known.
func (r *Record) UNC() string {
	if r.Share == "" || int(r.ShareRoot) > len(r.Path) || r.ShareRoot == 0 {
		return ""
	}
	return r.Share + r.Path[r.ShareRoot:]
}
