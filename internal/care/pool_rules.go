package care

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// The bounds of what is settled of the volumes.
const (
	MoveRules     = 3       // most rules
	MaxLimit      = 1 << 60 // bytes of a quota or a reserve
	maxCopies     = 9
	maxWarnDays   = 3650
	maxMoveDays   = 36_500
	maxRecipients = 20
)

// PoolRules is how the volumes are used together.
type PoolRules struct {
	Copies   int
	WarnDays int        // before they are full; 0 = never
	Move     []MoveRule // none = nothing moves
	Seen     string     `json:"-"` // Mark of what was looked at before; "" = whatever is there
}

// MoveRule moves what is old to slower volumes.
type MoveRule struct {
	Days  int // since its day, and since it was last read
	Class int // at least this slow
}

// Check refuses what cannot be kept to.
func (x *PoolRules) Check() error {
	const key = "web.keep.bad_rules"
	switch {
	case x.Copies < 1 || x.Copies > maxCopies:
		return wrong("copies", key)
	case x.WarnDays < 0 || x.WarnDays > maxWarnDays:
		return wrong("warn_days", key)
	case len(x.Move) > MoveRules:
		return wrong("move", key)
	}
	for i, r := range x.Move {
		switch {
		case r.Days < 1 || r.Days > maxMoveDays:
			return wrong(fmt.Sprintf("move[%d].days", i), key)
		case r.Class < FastestClass || r.Class > SlowestClass:
			return wrong(fmt.Sprintf("move[%d].class", i), key)
		}
	}
	return nil
}

// String names the rules for the trail.
func (x *PoolRules) String() string {
	return fmt.Sprintf("%d copies, warn %d days, move %v", x.Copies, x.WarnDays, x.Move)
}

// VolumeLimits bound what a volume takes.
type VolumeLimits struct {
	Volume  string `json:"-"`
	Quota   int64  // bytes; 0 = as much as it holds
	Reserve int64  // bytes that stay free; 0 = none
	Seen    string `json:"-"` // Mark of what was looked at before; "" = whatever is there
}

// Check refuses what no volume can keep to.
func (x *VolumeLimits) Check() error {
	switch {
	case x.Volume == "":
		return missing("volume", "web.data.bad_form")
	case x.Quota < 0 || x.Quota > MaxLimit:
		return wrong("quota", "web.keep.bad_size")
	case x.Reserve < 0 || x.Reserve > MaxLimit:
		return wrong("reserve", "web.keep.bad_size")
	}
	return nil
}

// String names the limits for the trail.
func (x *VolumeLimits) String() string {
	return fmt.Sprintf("%s quota %d reserve %d", x.Volume, x.Quota, x.Reserve)
}

// Encryption is what new objects are encrypted for.
type Encryption struct {
	Recipients []string // public keys of age, or the word passphrase; none = no encryption
	// Identity is where the keys are that decrypt: a file of the server, or env:NAME. The
	// keys themselves come through no page and no request.
	Identity string
	Seen     string `json:"-"` // Mark of what was looked at before; "" = whatever is there
}

// Check refuses what is no public key and no place of keys.
func (x *Encryption) Check() error {
	key := regexp.MustCompile(`^(age1[0-9a-z]{20}[0-9a-z]*|passphrase)$`)
	if len(x.Recipients) > maxRecipients {
		return wrong("recipients", "web.keep.bad_recipient")
	}
	for i, r := range x.Recipients {
		if len(r) > 4096 || !key.MatchString(r) {
			return wrong(fmt.Sprintf("recipients[%d]", i), "web.keep.bad_recipient")
		}
	}
	env := strings.HasPrefix(x.Identity, "env:") && KeysNamed(x.Identity)
	switch {
	case x.Identity != "" && !env && (!filepath.IsAbs(x.Identity) || len(x.Identity) > 4096 || strings.ContainsRune(x.Identity, 0)):
		return wrong("identity", "web.keep.bad_identity")
	case len(x.Recipients) > 0 && x.Identity == "":
		return missing("identity", "web.keep.needs_identity")
	}
	return nil
}

// Text names the recipients for the trail.
func (x *Encryption) Text() string { return strings.Join(x.Recipients, " ") }

// TakeText names a volume that is taken over, for the trail.
func TakeText(volume string, force bool) string {
	return fmt.Sprintf("%s, in use: %t", volume, force)
}

// Rules are those of the pool.
func (p *Pool) Rules() PoolRules {
	return PoolRules{Copies: p.Copies, WarnDays: p.WarnDays, Move: p.Move}
}

// Encryption is that of the pool.
func (p *Pool) Encryption() Encryption {
	return Encryption{Recipients: p.Recipients, Identity: p.Identity}
}

// Limits are those of the volume.
func (v *Volume) Limits() VolumeLimits {
	return VolumeLimits{Volume: v.ID, Quota: v.Quota, Reserve: v.Reserve}
}
