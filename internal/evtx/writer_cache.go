package evtx

import (
	"errors"
	"fmt"

	"github.com/akashi-audit/akashi/internal/event"
)

// Bounds of the template cache.
const (
	maxOutTemplates = 4096  // distinct templates
	maxOutShapes    = 16384 // ways to find them
	maxOutNames     = 65536 // distinct element and attribute names
	maxOutValues    = 8192  // values of one event; more do not fit into a chunk
)

// outCache finds the two templates of an event. A template that leaves the
// cache may be defined a second time in the same chunk; that is allowed.
type outCache struct {
	names  outNames
	byGUID map[[16]byte]*outTemplate
	system map[outSystemKey]*outTemplate
	shapes map[outShapeKey][]outShape
	count  int // of shapes
}

type outSystemKey struct {
	computer string
	payload  bool
}

type outShapeKey struct {
	schema   *event.Schema
	provider string
	id       uint32
	version  uint8
}

// An outShape is a template and the kinds of value that it was made for.
type outShape struct {
	kinds []outSlot
	tmpl  *outTemplate
}

// outSlot is the declared kind of a slot; a slot that may be null gets an
// optional substitution, as libevtx refuses a null in a normal one.
type outSlot struct {
	kind     event.Kind
	nullable bool
}

func (s *outShape) fits(values []event.Value) bool {
	for i := range values {
		k, want := values[i].Kind, s.kinds[i]
		if k != want.kind && (k != event.KindNull || !want.nullable) {
			return false
		}
	}
	return true
}

func (c *outCache) reset() {
	c.names = outNames{}
	c.byGUID = map[[16]byte]*outTemplate{}
	c.system = map[outSystemKey]*outTemplate{}
	c.shapes = map[outShapeKey][]outShape{}
	c.count = 0
}

// templates returns the System template and the payload template (nil when the
// event has no payload) of e.
func (c *outCache) templates(e *event.Event) (sys, payload *outTemplate, err error) {
	names := 0
	hasPayload := e.Schema != nil && e.Schema.Payload != ""
	if e.Schema != nil {
		names = len(e.Schema.Names)
	}
	switch {
	case len(e.Values) != names:
		return nil, nil, fmt.Errorf("%d values for %d names", len(e.Values), names)
	case names > 0 && !hasPayload:
		return nil, nil, errors.New("values without a payload element")
	case names > maxOutValues:
		return nil, nil, errTooLarge
	}
	if len(c.byGUID) >= maxOutTemplates || c.count >= maxOutShapes || len(c.names) >= maxOutNames {
		c.reset()
	}
	key := outSystemKey{e.Computer, hasPayload}
	if sys = c.system[key]; sys == nil {
		m := &outBuilder{names: c.names}
		sys = systemTemplate(m, e.Computer, hasPayload)
		if m.err != nil {
			return nil, nil, fmt.Errorf("%w: %w", errTooLarge, m.err)
		}
		sys = c.share(sys)
		c.system[key] = sys
	}
	if !hasPayload {
		return sys, nil, nil
	}
	sk := outShapeKey{e.Schema, e.Provider, e.ID, e.Version}
	list := c.shapes[sk]
	for i := range list {
		if list[i].fits(e.Values) {
			return sys, list[i].tmpl, nil
		}
	}
	payload, err = c.compile(e, sk, list)
	return sys, payload, err
}

func (c *outCache) compile(e *event.Event, key outShapeKey, list []outShape) (*outTemplate, error) {
	kinds := make([]outSlot, len(e.Values))
	for i := range e.Values {
		if kinds[i].kind = e.Values[i].Kind; kinds[i].kind == event.KindNull {
			kinds[i] = outSlot{event.KindString, true}
		}
	}
	m := &outBuilder{names: c.names}
	t := payloadTemplate(m, e.Provider, e.ID, e.Version, e.Schema, kinds)
	if m.err != nil {
		return nil, fmt.Errorf("%w: %w", errTooLarge, m.err)
	}
	t = c.share(t)
	c.shapes[key] = append(list, outShape{kinds: kinds, tmpl: t})
	c.count++
	return t, nil
}

// share returns the template that is known under the GUID of t.
func (c *outCache) share(t *outTemplate) *outTemplate {
	if known := c.byGUID[t.guid]; known != nil {
		return known
	}
	c.byGUID[t.guid] = t
	return t
}
