package convert

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

func TestParseDevice(t *testing.T) {
	f := func(id string, want deviceID) {
		t.Helper()
		want.ID = id
		if d := cmp.Diff(want, parseDevice(id)); d != "" {
			t.Errorf("parseDevice(%q) (-want +got):\n%s", id, d)
		}
	}
	stick := deviceID{Bus: "USB", Vendor: "SanDisk", Product: "Cruzer Blade", Serial: "4C530001", Storage: true}
	f(`USBSTOR\Disk&Ven_SanDisk&Prod_Cruzer_Blade&Rev_1.27\4C530001&0`, stick)
	f(`SWD\WPDBUSENUM\_??_USBSTOR#Disk&Ven_SanDisk&Prod_Cruzer_Blade&Rev_1.27#4C530001&0#{53f56307-b6bf-11d0-94f2-00a0c91efb8b}`, stick)
	f(`WPDBUSENUMROOT\UMB\2&37C186B&0&STORAGE#VOLUME#_??_USBSTOR#Disk&Ven_SanDisk&Prod_Cruzer_Blade&Rev_1.27#4C530001&0#`, stick)
	f(`USB\VID_0781&PID_5567\4C530001`, deviceID{Bus: "USB", USB: "0781:5567", Serial: "4C530001"})
	f(`SCSI\Disk&Ven_Samsung&Prod_T7\6&1a2b&0&000000`, deviceID{Bus: "SCSI", Vendor: "Samsung", Product: "T7", Serial: "6&1a2b&0", Storage: true})
	f(`SWD\PRINTENUM\{32FB}`, deviceID{Serial: "{32FB}"})
	f(`USBSTOR\`, deviceID{Bus: "USB", Storage: true})
	f("", deviceID{})
	f("ı#USBSTOR#", deviceID{Bus: "USB", Storage: true}) // shorter in upper case
}

const (
	driverFrame = "Microsoft-Windows-DriverFrameworks-UserMode"
	partitions  = "Microsoft-Windows-Partition"
	stickID     = `USBSTOR\Disk&Ven_SanDisk&Prod_Blade&Rev_1\4C53&0`
	stickWPD    = `SWD\WPDBUSENUM\_??_USBSTOR#Disk&Ven_SanDisk&Prod_Blade&Rev_1#4C53&0#{53f5}`
)

func (b *logBuilder) came(ms int) {
	b.at(ms, driverFrame, driverFrame+"/Operational", 2003, "UMDFHostDeviceArrivalBegin/@lifetime", "{L}", "UMDFHostDeviceArrivalBegin/@instance", stickWPD)
	b.at(ms+10, driverFrame, driverFrame+"/Operational", 2010, "LifetimeId", "{L}", "InstanceId", stickWPD)
}

func (b *logBuilder) went(ms, minor int) {
	b.at(ms, driverFrame, driverFrame+"/Operational", 2100, "UMDFHostDeviceRequest/@lifetime", "{L}", "UMDFHostDeviceRequest/RequestMajorCode", 27,
		"UMDFHostDeviceRequest/RequestMinorCode", minor)
	b.at(ms+5, driverFrame, driverFrame+"/Operational", 2102, "LifetimeId", "{L}", "InstanceId", stickWPD, "MajorCode", "27", "MinorCode", itoa(uint64(minor)))
}

func (b *logBuilder) disk(ms int, capacity uint64) {
	b.at(ms, partitions, partitions+"/Diagnostic", 1006, "DiskNumber", 1, "BusType", 7, "Capacity", capacity, "Manufacturer", "SanDisk ", "Model", "Blade",
		"SerialNumber", "xx", "ParentId", `USB\VID_0781&PID_5567\4C53`)
}

func (b *logBuilder) pnp(ms int, id, class string) {
	b.at(ms, "Microsoft-Windows-Security-Auditing", "Security", 6416, "SubjectUserSid", "S-1-5-18", "SubjectUserName", "FS-A$", "SubjectDomainName", "CORP",
		"SubjectLogonId", 0x3e7, "DeviceId", id, "DeviceDescription", "stick", "ClassName", class)
}

// TestT2T3: one record for each time a device comes or goes, however many logs
// tell of it.
func TestT2T3(t *testing.T) {
	f := tells(t, func(r record.Record) string {
		if r.Rule == "V6" || r.Rule == "V7" {
			return ""
		}
		return fmt.Sprint(r.Op, " ", r.Rule, " ", r.Class, " ", r.Get("vendor"), "/", r.Get("product"), "/", r.Get("serial"), "/", r.Get("bus"), "/",
			r.Get("capacity"), " ", r.Confidence, " ", len(r.RawIDs))
	})
	f("all logs", func(b *logBuilder) {
		b.pnp(0, `USB\VID_0781&PID_5567\4C53`, "USB")
		b.pnp(100, stickID, "DiskDrive")
		b.pnp(200, stickWPD, "WPD")
		b.disk(300, 16_000_000_000)
		b.came(400)
	}, "device_connected T2 user SanDisk/Blade/4C53/USB/16000000000 certain 3")
	f("in and out", func(b *logBuilder) { b.came(0); b.went(20_000, 23); b.came(30_000); b.went(50_000, 2) },
		"device_connected T2 user SanDisk/Blade/4C53/USB/ certain 2", "device_removed T3 user SanDisk/Blade/4C53/USB/ certain 2",
		"device_connected T2 user SanDisk/Blade/4C53/USB/ certain 2", "device_removed T3 user SanDisk/Blade/4C53/USB/ certain 2")
	f("other requests", func(b *logBuilder) { b.went(0, 7) })
	f("Partition log alone", func(b *logBuilder) { b.disk(0, 1000); b.disk(90_000, 0) },
		"device_connected T2 user SanDisk/Blade/4C53/USB/1000 certain 1", "device_removed T3 user SanDisk/Blade/4C53/USB/ inferred 1")
	f("a built-in disk", func(b *logBuilder) {
		b.at(0, partitions, partitions+"/Diagnostic", 1006, "BusType", 17, "Capacity", 1000, "Model", "SSD", "SerialNumber", "S1", "ParentId", `PCI\VEN_1\3`)
	}, "device_connected T2 background /SSD/3/NVMe/1000 certain 1")
	f("a keyboard", func(b *logBuilder) { b.pnp(0, `USB\VID_046D&PID_C31C\6&1&0&2`, "USB") }, "device_connected T2 background ///USB/ certain 1")
	f("two sticks", func(b *logBuilder) {
		b.pnp(0, stickID, "DiskDrive")
		b.pnp(10, `USBSTOR\Disk&Ven_X&Prod_Y\9&0`, "DiskDrive")
	},
		"device_connected T2 user SanDisk/Blade/4C53/USB/ certain 1", "device_connected T2 user X/Y/9/USB/ certain 1")
	f("nothing known", func(b *logBuilder) {
		b.at(0, partitions, partitions+"/Diagnostic", 1006)
		b.at(0, driverFrame, "X", 2003)
		b.sec(6416)
	}, "device_connected T2 background //// inferred 1", "device_connected T2 background //// certain 1", "device_connected T2 background //// certain 1")
	f("version 0", func(b *logBuilder) { b.sec(6416, append(b.subject(), "VendorIds", "\r\n\t\t"+stickID+"\r\n\t\t")...) },
		"device_connected T2 user SanDisk/Blade/4C53/USB/ certain 1")
}

func TestVolumeSerial(t *testing.T) {
	f := func(mark string, at, serial int, want string) {
		t.Helper()
		b := make([]byte, 512)
		copy(b[at:], mark)
		copy(b[serial:], "\x78\x56\x34\x12")
		if got := volumeSerial(event.Value{Kind: event.KindBinary, Str: string(b)}); got != want {
			t.Errorf("volumeSerial(%s) = %q, want %q", mark, got, want)
		}
	}
	f("NTFS", 3, 0x48, "1234-5678")
	f("EXFAT", 3, 0x64, "1234-5678")
	f("FAT32", 0x52, 0x43, "1234-5678")
	f("ReFS", 3, 0x48, "")
	if volumeSerial(event.String("short")) != "" {
		t.Error("a serial from text")
	}
}
