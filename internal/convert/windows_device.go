package convert

import (
	"strconv"
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// plugWindow is how long the events of one plug-in are gathered.
const plugWindow = 60 * sec

// deviceID is what an instance id says of a device.
type deviceID struct {
	ID                           string
	Bus, Vendor, Product, Serial string
	USB                          string // vendor and product id as vvvv:pppp
	Storage                      bool
}

// parseDevice reads an instance id as 6416 (separator \) or the driver
// frameworks (#) write it: USBSTOR\DISK&VEN_x&PROD_y&REV_z\SERIAL&0,
// USB\VID_vvvv&PID_pppp\SERIAL, SCSI\DISK&VEN_x&PROD_y\…, also inside another id
// (section 3.6).
func parseDevice(id string) deviceID {
	d := deviceID{ID: id}
	s := strings.ReplaceAll(id, "#", `\`)
	up := strings.ToUpper(s)
	if len(up) != len(s) { // upper case of some letters is longer
		up = s
	}
	for _, bus := range [...]string{`USBSTOR\`, `USB\VID_`, `SCSI\DISK&`} {
		n := strings.Index(up, bus)
		if n < 0 {
			continue
		}
		d.Bus, _, _ = strings.Cut(bus, `\`)
		n += len(d.Bus) + 1
		d.Storage = d.Bus != "USB"
		if d.Bus == "USBSTOR" {
			d.Bus = "USB"
		}
		l := strings.SplitN(s[n:], `\`, 3)
		d.hardware(l[0])
		if len(l) > 1 {
			d.Serial = serialOf(l[1])
		}
		return d
	}
	d.Storage = hasPrefixFold(id, `SWD\WPDBUSENUM`) || hasPrefixFold(id, `WPDBUSENUMROOT`)
	d.Serial = serialOf(s[strings.LastIndexByte(s, '\\')+1:])
	return d
}

// hardware reads DISK&VEN_x&PROD_y&REV_z or VID_vvvv&PID_pppp.
func (d *deviceID) hardware(s string) {
	var vid, pid string
	for p := range strings.SplitSeq(s, "&") {
		k, v, _ := strings.Cut(p, "_")
		v = strings.TrimSpace(strings.ReplaceAll(v, "_", " "))
		switch strings.ToUpper(k) {
		case "VEN":
			d.Vendor = v
		case "PROD":
			d.Product = v
		case "VID":
			vid = v
		case "PID":
			pid = v
		}
	}
	if vid != "" {
		d.USB = strings.ToLower(vid + ":" + pid)
	}
}

// serialOf takes the number of the unit ("&0") off a serial number.
func serialOf(s string) string {
	if n := strings.LastIndexByte(s, '&'); n > 0 {
		if _, err := strconv.ParseUint(s[n+1:], 10, 32); err == nil {
			s = s[:n]
		}
	}
	return strings.TrimSpace(s)
}

// madeUp reports a serial that Windows made because the device has none.
func madeUp(serial string) bool { return len(serial) > 1 && serial[1] == '&' }

// plug makes the record of a device that came or went, or adds to the one of
// the same plug-in (T2, T3): several logs tell of it, and each several times.
func (c *Converter) plug(e *event.Event, s *session, op record.Op, d deviceID) *act {
	now := tick(e.Time)
	key, opposite, rule := "+", "-", ruleT2
	if op == record.OpDeviceRemoved {
		key, opposite, rule = "-", "+", ruleT3
	}
	name := fold(d.Serial)
	if name == "" || d.Bus == "" && !d.Storage {
		name = fold(d.ID)
	}
	if name == "" {
		name = "?" + e.Channel + itoa(e.RecordID)
	}
	delete(c.s.Plugs, opposite+name)
	a := c.s.Acts.get(c.s.Plugs[key+name])
	if a == nil || now-a.First > plugWindow || a.First-now > plugWindow {
		a = c.newAct(e, s, op, rule)
		a.Certain, a.Object, a.Class, a.Path = true, record.ObjectDevice, record.ClassBackground, d.ID
		if len(c.s.Plugs) >= 1024 {
			clear(c.s.Plugs)
		}
		c.s.Plugs[key+name] = a.Seq
		c.due(a, now+plugWindow)
	} else {
		c.evidence(a, e)
		if a.Logon == 0 && s != nil {
			a.User, a.SID = s.User, s.SID
		}
	}
	if d.Storage && a.Class != record.ClassUser {
		a.Class, a.Path = record.ClassUser, d.ID
	}
	if d.Storage {
		a.detail("storage", "yes")
	}
	a.fill("bus", d.Bus)
	a.fill("vendor", d.Vendor)
	a.fill("product", d.Product)
	a.fill("usb_id", d.USB)
	if madeUp(d.Serial) {
		a.fill("serial_made_up", "yes")
	} else if a.fill("serial", d.Serial); a.Get("serial") != "" && d.Bus != "" {
		a.Detail = dropDetail(a.Detail, "serial_made_up")
	}
	return a
}

// fill sets a detail that is not known yet.
func (a *act) fill(key, value string) {
	if a.Get(key) == "" {
		a.detail(key, value)
	}
}

func dropDetail(l []record.Pair, key string) []record.Pair {
	for i := range l {
		if l[i].Key == key {
			return append(l[:i:i], l[i+1:]...)
		}
	}
	return l
}

// device handles 6416, versions 0 and 1.
func (c *Converter) device(e *event.Event) {
	id := text(e.Get(event.DeviceId))
	class := text(e.Get(event.ClassName))
	vendors := strings.Fields(text(e.Get(event.VendorIds)))
	if id == "" && len(vendors) > 0 { // version 0
		id = vendors[0]
	}
	d := parseDevice(id)
	d.Storage = d.Storage || class == "DiskDrive" || class == "WPD"
	a := c.plug(e, c.subject(e), record.OpDeviceConnected, d)
	a.fill("description", text(e.Get(event.DeviceDescription)))
	if d.Storage || a.Class == record.ClassBackground {
		a.fill("device_class", class)
	}
	a.fill("location", strings.TrimSpace(text(e.Get(event.LocationInformation))))
	if len(vendors) > 0 {
		a.fill("hardware", vendors[0])
	}
}

// userMode handles the driver frameworks: 2003 and its like say that a device
// came, 2100 and 2102 with major code 27 (PnP) and minor code 2 or 23 that it
// was removed, orderly or by surprise.
func (c *Converter) userMode(e *event.Event) {
	instance := firstField(e, "InstanceId", "@instance", "instance")
	lifetime := firstField(e, "LifetimeId", "@lifetime", "lifetime")
	if instance == "" {
		instance = c.s.Lifetimes[lifetime]
	} else if lifetime != "" && (e.ID == 2003 || e.ID == 2010) {
		if len(c.s.Lifetimes) >= 256 {
			clear(c.s.Lifetimes)
		}
		c.s.Lifetimes[lifetime] = instance
	}
	d := parseDevice(instance)
	switch e.ID {
	case 2003, 2004, 2005, 2010:
		c.plug(e, nil, record.OpDeviceConnected, d)
	case 2100, 2102:
		major, minor := firstField(e, "MajorCode", "RequestMajorCode", "Major"), firstField(e, "MinorCode", "RequestMinorCode", "Minor")
		if !isNumber(major, 27) || !isNumber(minor, 2) && !isNumber(minor, 23) {
			c.unused(e, ReasonNoRule)
			return
		}
		a := c.plug(e, nil, record.OpDeviceRemoved, d)
		if isNumber(minor, 23) {
			a.detail("surprise", "yes")
		}
	default:
		c.unused(e, ReasonNoRule)
	}
}

// firstField is the first value with one of these names that is not empty.
func firstField(e *event.Event, names ...string) string {
	for _, n := range names {
		if s := text(field(e, n)); s != "" {
			return s
		}
	}
	return ""
}

func isNumber(s string, n uint64) bool {
	m, ok := event.String(s).Number()
	return ok && m == n
}

// busNames are the values of STORAGE_BUS_TYPE (ntddstor.h).
var busNames = [...]string{
	1: "SCSI", 2: "ATAPI", 3: "ATA", 4: "1394", 5: "SSA", 6: "FibreChannel", 7: "USB", 8: "RAID", 9: "iSCSI", 10: "SAS", 11: "SATA",
	12: "SD", 13: "MMC", 14: "virtual", 15: "file-backed virtual", 16: "Spaces", 17: "NVMe", 18: "SCM", 19: "UFS",
}

// doubtCapacity: the disk has no capacity, as an empty card reader.
const doubtCapacity = "no_capacity"

// partition handles Partition/Diagnostic 1006: a disk came, or went when its
// capacity is 0. An empty card reader has no capacity either, so that is not
// certain.
func (c *Converter) partition(e *event.Event) {
	d := parseDevice(text(field(e, "ParentId")))
	bus, _ := field(e, "BusType").Number()
	if bus < uint64(len(busNames)) && busNames[bus] != "" {
		d.Bus = busNames[bus]
	}
	own := strings.TrimSpace(text(field(e, "SerialNumber")))
	if d.Serial == "" || madeUp(d.Serial) && own != "" {
		d.Serial = own
	}
	d.Storage = bus == 7 || bus == 4 || bus == 12 || bus == 13
	d.Vendor, d.Product = strings.TrimSpace(text(field(e, "Manufacturer"))), strings.TrimSpace(text(field(e, "Model")))
	size, known := field(e, "Capacity").Number()
	op := record.OpDeviceConnected
	if known && size == 0 {
		op = record.OpDeviceRemoved
	}
	a := c.plug(e, nil, op, d)
	if a.Src.Channel == e.Channel && (!known || size == 0) {
		a.Certain, a.Doubt = false, doubtCapacity
	}
	if size > 0 {
		a.fill("capacity", itoa(size))
	}
	a.fill("disk", field(e, "DiskNumber").Text())
	a.fill("volume_serial", volumeSerial(field(e, "Vbr0")))
}

// volumeSerial reads the serial number from a volume's boot record: NTFS at
// 0x48, exFAT at 0x64, FAT32 at 0x43.
func volumeSerial(v event.Value) string {
	b := v.Str
	if v.Kind != event.KindBinary || len(b) < 0x68 {
		return ""
	}
	at := 0
	switch {
	case b[3:7] == "NTFS":
		at = 0x48
	case b[3:8] == "EXFAT":
		at = 0x64
	case b[0x52:0x57] == "FAT32":
		at = 0x43
	default:
		return ""
	}
	n := uint64(b[at]) | uint64(b[at+1])<<8 | uint64(b[at+2])<<16 | uint64(b[at+3])<<24
	s := strings.ToUpper(hex(1<<32 | n))[1:]
	return s[:4] + "-" + s[4:]
}
