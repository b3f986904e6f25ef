package archive

// rowOne is a row of schema version 1.
type rowOne struct {
	Server       string   `parquet:"server,dict"`
	Channel      string   `parquet:"channel,dict"`
	Generation   uint32   `parquet:"generation,dict"`
	FirstID      uint64   `parquet:"first_id,delta"`
	Ordinal      uint32   `parquet:"ordinal,dict"`
	Time         int64    `parquet:"time,delta,timestamp(nanosecond:local)"`
	Duration     int64    `parquet:"duration_ns"`
	Received     int64    `parquet:"received,delta,timestamp(nanosecond:local)"`
	Source       string   `parquet:"source,dict"`
	User         string   `parquet:"user,dict"`
	SID          string   `parquet:"sid,dict"`
	ClientIP     string   `parquet:"client_ip,dict"`
	ClientName   string   `parquet:"client_name,dict"`
	Session      uint64   `parquet:"session,dict"`
	Op           string   `parquet:"op,dict"`
	Path         string   `parquet:"path,dict"`
	NewPath      string   `parquet:"new_path,dict"`
	Share        string   `parquet:"share,dict"`
	ShareRoot    uint32   `parquet:"share_root,dict"`
	Object       string   `parquet:"object,dict"`
	Result       string   `parquet:"result,dict"`
	Process      string   `parquet:"process,dict"`
	Count        uint32   `parquet:"count,dict"`
	Confidence   string   `parquet:"confidence,dict"`
	Rule         string   `parquet:"rule,dict"`
	Class        string   `parquet:"class,dict"`
	Detail       string   `parquet:"detail,dict"`
	RawIDs       []uint64 `parquet:"raw_record_ids,list" parquet-element:",delta"`
	RulesVersion uint32   `parquet:"rules_version,dict"`
	SupersededBy uint32   `parquet:"superseded_by,dict"`
	Exact        string   `parquet:"exact,dict"`
}

// row is the row as it is written now.
func (w *rowOne) row() row {
	ticks, rest := inTicks(w.Duration)
	return row{
		Server:     w.Server,
		Channel:    w.Channel,
		Generation: w.Generation,
		FirstID:    w.FirstID,
		Ordinal:    w.Ordinal,
		Time:       w.Time,
		Duration:   ticks, DurationRest: rest,
		Received:     w.Received,
		Source:       w.Source,
		User:         w.User,
		SID:          w.SID,
		ClientIP:     w.ClientIP,
		ClientName:   w.ClientName,
		Session:      w.Session,
		Op:           w.Op,
		Path:         w.Path,
		NewPath:      w.NewPath,
		Share:        w.Share,
		ShareRoot:    w.ShareRoot,
		Object:       w.Object,
		Result:       w.Result,
		Process:      w.Process,
		Count:        w.Count,
		Confidence:   w.Confidence,
		Rule:         w.Rule,
		Class:        w.Class,
		Detail:       w.Detail,
		RulesVersion: w.RulesVersion,
		SupersededBy: w.SupersededBy,
		Exact:        w.Exact,
		RawIDs:       idText(w.FirstID, w.RawIDs),
	}
}
