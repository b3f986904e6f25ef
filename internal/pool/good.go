package pool

import "context"

// Good counts the copies of objects that are there and were not found damaged, by
// name; those on another pool's volume count too. It reads no object.
func (p *Pool) Good(_ context.Context, names []string) (map[string]int, error) {
	if err := p.look(true); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make(map[string]int, len(names))
	for _, name := range names {
		o := p.copies.objects[name]
		if o == nil || o.deleted != 0 {
			continue
		}
		n, foreign := p.count(o)
		if foreign {
			n++
		}
		out[name] = n
	}
	return out, nil
}
