package convert

// A logon of an administrator at a screen has two sessions: one with the rights of
// everybody and one with all rights (a split token). Each 4624 names the other half
// in TargetLinkedLogonId. Both belong to one person at one screen.

// link notes that a session and another one are halves of one logon; other is 0 for
// none. The other half is known from then on, also when its own 4624 is not in the
// log.
func (c *Converter) link(s *session, other uint64) {
	s.Linked = other
	if other == 0 || other == s.Logon || wellKnownLogon(other) {
		return
	}
	l := c.s.Sessions.get(other)
	if l == nil {
		l = c.session(other)
		l.SID, l.User, l.Named = s.SID, s.User, s.Named
		c.near = s
	}
	if l.Linked == 0 && l.User == s.User {
		l.Linked = s.Logon
	}
}

// otherHalf is the other session of a split token, nil for none.
func (c *Converter) otherHalf(s *session) *session {
	if s.Linked == 0 || s.Linked == s.Logon {
		return nil
	}
	if l := c.s.Sessions.get(s.Linked); l != nil && l.Linked == s.Logon {
		return l
	}
	return nil
}

// screenMoved notes from where the screen of a session is looked at from now on, for
// both halves of a split token.
func (c *Converter) screenMoved(s *session, at tick, ip string) {
	s.moved(at, ip)
	if l := c.otherHalf(s); l != nil {
		l.moved(at, ip)
	}
}
