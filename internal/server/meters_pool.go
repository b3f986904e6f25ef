package server

import (
	"context"
	"time"

	"github.com/akashi-audit/akashi/internal/pool"
)

// poolFor is how long what is known of the volumes is kept: asking them can take
// seconds when one is away.
const poolFor = time.Minute

// pool sets how the volumes of the archive are. A folder that has only its own archive
// has none of these.
func (m *meters) pool(ctx context.Context, gauge func(string, float64)) error {
	have, err := pool.Configured(nil, m.e.Dir())
	if err != nil || !have {
		return err
	}
	st, err := m.volumes(ctx)
	if err != nil {
		return err
	}
	away, owed := 0, int64(0)
	for i := range st.Volumes {
		v := &st.Volumes[i]
		if !v.Online && v.State != pool.Lost {
			away++
		}
		owed += v.Owed
	}
	warn := 0.0
	if st.Warn {
		warn = 1
	}
	gauge("akashi_pool_bytes", float64(st.Bytes))
	gauge("akashi_pool_free_bytes", float64(st.Free))
	gauge("akashi_pool_growth_bytes_per_day", float64(st.PerDay))
	gauge("akashi_pool_days_until_full", st.Days)
	gauge("akashi_pool_warn_days", float64(st.WarnDays))
	gauge("akashi_pool_warning", warn)
	gauge("akashi_pool_objects_short", float64(st.Short))
	gauge("akashi_pool_objects_lost", float64(st.LostCount))
	gauge("akashi_pool_volumes_away", float64(away))
	gauge("akashi_pool_deletions_owed", float64(owed))
	gauge("akashi_pool_locks_owed", float64(st.LocksOwed))
	return nil
}

// volumes is the status of the pool, at most poolFor old.
func (m *meters) volumes(ctx context.Context) (*pool.Status, error) {
	m.poolMu.Lock()
	defer m.poolMu.Unlock()
	if m.volumesOf != nil && time.Since(m.volumesAt) < poolFor {
		return m.volumesOf, nil
	}
	p, err := m.e.Pool()
	if err != nil {
		return nil, err
	}
	st, err := p.Status(ctx)
	if err != nil {
		return nil, err
	}
	m.volumesOf, m.volumesAt = st, time.Now()
	return st, nil
}
