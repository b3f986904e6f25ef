package convert

import "github.com/akashi-audit/akashi/internal/event"

// elsewhere dispatches the events of the other channels (sections 3.5 and 3.6)
// by provider.
func (c *Converter) elsewhere(e *event.Event) {
	switch e.Provider {
	case "Microsoft-Windows-Kernel-General":
		switch e.ID {
		case 1:
			c.kernelTime(e)
		case 12:
			c.started(e)
		case 13:
			c.stopped(e)
		default:
			c.unused(e, ReasonNoRule)
		}
	case "Microsoft-Windows-Kernel-Power":
		c.kernelPower(e)
	case "Microsoft-Windows-DriverFrameworks-UserMode":
		c.userMode(e)
	case "Microsoft-Windows-Partition":
		if e.ID == 1006 {
			c.partition(e)
		} else {
			c.unused(e, ReasonNoRule)
		}
	case "Microsoft-Windows-Windows Defender":
		c.defender(e)
	case "Microsoft-Windows-SMBServer":
		c.smbServer(e)
	case "User32", "USER32":
		if e.ID == 1074 {
			c.asked(e)
		} else {
			c.unused(e, ReasonNoRule)
		}
	default:
		c.unused(e, ReasonNoRule)
	}
}
