package collect

import (
	"errors"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/event"
)

// parseJSONEvent reads one event in any of three shapes: nested as the XML
// ({"Event":{"System":…}}), winlogbeat ({"winlog":{…}}) and flat (NXLog, HELK).
// auto tells that it names no record id.
func parseJSONEvent(text []byte, schemas *schemas) (e *event.Event, auto bool, err error) {
	root, err := parseJSON(text)
	if err != nil {
		return nil, false, err
	}
	b := &builder{schemas: schemas}
	switch {
	case root.get("Event").has("System"):
		b.nested(root.get("Event"))
	case root.has("System"):
		b.nested(root)
	case root.has("winlog"):
		b.winlogbeat(root)
	case root.has("EventID") || root.has("event_id"):
		b.flat(root)
	default:
		return nil, false, errors.New("no event")
	}
	e, err = b.finish()
	return e, b.auto, err
}

// attrText reads a value that may carry attributes:
// 4624, "4624", {"#text":4624,"#attributes":{…}} or {"Value":4624}.
func attrText(n jnode) string {
	if n.leaf {
		return n.text
	}
	for _, k := range []string{"#text", "Value", "$t", "_"} {
		if v, ok := n.find(k); ok {
			return v.text
		}
	}
	return ""
}

func attrOf(n jnode) func(string) string {
	return func(name string) string {
		for _, v := range []jnode{n, n.get("#attributes"), n.get("$"), n.get("@attributes")} {
			for _, k := range []string{name, "@" + name, "-" + name} {
				if x, ok := v.find(k); ok && x.leaf {
					return x.text
				}
			}
		}
		return ""
	}
}

func (b *builder) nested(ev jnode) {
	sys := ev.get("System")
	b.auto = true
	for i, k := range sys.keys {
		v := sys.vals[i]
		if k == "EventRecordID" {
			b.auto = attrText(v) == ""
		}
		if k == "TimeCreated" && v.leaf {
			b.time(v.text)
			continue
		}
		b.system(strings.TrimSuffix(k, "_attributes"), attrText(v), attrOf(v))
	}
	if data, ok := ev.find("EventData"); ok {
		b.payload = "EventData"
		b.eventData(data)
	} else if data, ok := ev.find("UserData"); ok && len(data.keys) > 0 {
		for i, k := range data.keys {
			if strings.HasPrefix(k, "#") || strings.HasPrefix(k, "@") {
				continue
			}
			b.payload = "UserData/" + k
			b.jsonTree("", data.vals[i])
			break
		}
	}
}

func (b *builder) eventData(data jnode) {
	for i, k := range data.keys {
		v := data.vals[i]
		switch {
		case k == "#attributes" || strings.HasPrefix(k, "@"):
		case k == "Data" && !v.leaf && !v.obj: // a list of {Name, text} or of bare texts
			for _, d := range v.vals {
				b.add(attrOf(d)("Name"), attrText(d))
			}
		case k == "Data" && !v.leaf && v.obj && !v.has("#text") && v.has("Name"):
			b.add(attrOf(v)("Name"), attrText(v))
		case k == "Data" && v.leaf:
			b.add("", v.text)
		default:
			b.add(k, attrText(v))
		}
	}
}

func (b *builder) jsonTree(path string, n jnode) {
	if n.leaf {
		b.add(path, n.text)
		return
	}
	for i, v := range n.vals {
		p := path
		if n.obj {
			k := n.keys[i]
			if strings.HasPrefix(k, "#attr") || strings.HasPrefix(k, "@xmlns") || k == "xmlns" {
				continue
			}
			if k != "#text" {
				p = strings.TrimPrefix(path+"/"+k, "/")
			}
		}
		b.jsonTree(p, v)
	}
}

func (b *builder) winlogbeat(root jnode) {
	w := root.get("winlog")
	set := func(name, text string) { b.system(name, text, func(string) string { return text }) }
	set("Provider", w.get("provider_name").text)
	b.e.ID, b.hasID = uint32(number(w.get("event_id").text)), w.has("event_id")
	set("Version", w.get("version").text)
	set("Task", w.get("task_id").text)
	set("EventRecordID", w.get("record_id").text)
	b.auto = w.get("record_id").text == ""
	set("Channel", w.get("channel").text)
	set("Computer", w.get("computer_name").text)
	b.e.ActivityID = strings.ToUpper(w.get("activity_id").text)
	b.e.PID, b.e.TID = uint32(number(w.get("process", "pid").text)), uint32(number(w.get("process", "thread", "id").text))
	b.time(w.get("time_created").text)
	b.time(root.get("@timestamp").text)
	for _, k := range w.get("keywords").vals {
		switch k.text {
		case "Audit Success", "成功の監査":
			b.e.Keywords |= 1<<63 | event.AuditSuccess
		case "Audit Failure", "失敗の監査":
			b.e.Keywords |= 1<<63 | event.AuditFailure
		}
	}
	if b.e.Keywords == 0 {
		switch root.get("event", "outcome").text {
		case "success":
			b.e.Keywords = 1<<63 | event.AuditSuccess
		case "failure":
			b.e.Keywords = 1<<63 | event.AuditFailure
		}
	}
	b.payload = "EventData"
	data := w.get("event_data")
	if !w.has("event_data") && w.has("user_data") {
		b.payload, data = "UserData/"+w.get("user_data", "xml_name").text, w.get("user_data")
	}
	for i, k := range data.keys {
		if k != "xml_name" {
			b.add(k, data.vals[i].text)
		}
	}
}

// flat reads one object whose keys are System names and Data names side by side.
func (b *builder) flat(root jnode) {
	b.payload, b.auto = "EventData", true
	for i, k := range root.keys {
		v := root.vals[i]
		if !v.leaf {
			continue
		}
		switch k {
		case "SourceName", "ProviderName", "Provider":
			b.e.Provider = v.text
		case "EventID", "event_id":
			b.e.ID, b.hasID = uint32(number(v.text)), v.text != ""
		case "Version", "Level", "Task", "Keywords", "Channel", "EventRecordID":
			b.system(k, v.text, func(string) string { return "" })
			b.auto = b.auto && (k != "EventRecordID" || v.text == "")
		case "RecordNumber", "RecordID", "record_id":
			b.e.RecordID, b.auto = number(v.text), v.text == ""
		case "OpcodeValue":
			b.e.Opcode = uint8(number(v.text))
		case "Hostname", "Computer", "ComputerName", "computer_name":
			b.e.Computer = v.text
		case "ExecutionProcessID":
			b.e.PID = uint32(number(v.text))
		case "ThreadID", "ExecutionThreadID":
			b.e.TID = uint32(number(v.text))
		case "ActivityID":
			b.e.ActivityID = strings.ToUpper(v.text)
		case "UserID":
			b.e.UserID = v.text
		case "TimeCreated", "SystemTime":
			b.time(v.text)
		case "@timestamp", "EventTime", "EventReceivedTime", "ProviderGuid", "Severity", "SeverityValue", "SourceModuleName",
			"SourceModuleType", "EventType", "Category", "Opcode", "host", "port", "@version", "Message", "tags":
			// the shipper's own words and times
		default:
			b.add(k, v.text)
		}
	}
	b.channelCase()
	if !b.hasTime {
		b.shippedTime(root.get("EventTime").text, root.get("@timestamp").text)
	}
}

// channelCase gives the Security channel one spelling: some shippers lower it.
func (b *builder) channelCase() {
	if strings.EqualFold(b.e.Channel, "Security") {
		b.e.Channel = "Security"
	}
}

// shippedTime reads NXLog's pair of times: EventTime is when it happened, in the
// server's local time without a zone; @timestamp is when it arrived, in UTC. The
// zone is their difference to the nearest quarter of an hour, the step of all
// zones in use; an event that travelled longer than seven minutes, or for which
// the difference is no zone, keeps the time of arrival.
func (b *builder) shippedTime(local, arrived string) {
	const quarter = 15 * time.Minute
	at, aerr := time.Parse(time.RFC3339Nano, arrived)
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02T15:04:05"} { // fractions are accepted
		lt, err := time.Parse(layout, local)
		if err != nil || aerr != nil {
			continue
		}
		if zone := lt.Sub(at).Round(quarter); zone >= -14*time.Hour && zone <= 14*time.Hour && at.Sub(lt.Add(-zone)) > -time.Minute {
			b.time(lt.Add(-zone).Format(time.RFC3339Nano))
		}
	}
	if b.time(arrived); !b.hasTime {
		b.time(local)
	}
}
