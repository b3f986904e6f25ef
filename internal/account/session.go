package account

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/akashi-audit/akashi/internal/state"
)

// sessionSlack is how much later than its row a session may end in truth: an open
// page writes its row once in this time and not at each request.
const sessionSlack = time.Minute

// sessionStore keeps sessions in state.sqlite. Package scs gives it hashes of the
// tokens, and refuses a session whose time is over.
type sessionStore struct {
	db  *state.DB
	now func() time.Time

	mu    sync.Mutex // guards known and swept
	known map[string]stored
	swept time.Time
}

type stored struct {
	sum    [sha256.Size]byte
	expiry time.Time
	gone   bool // ended: a request that is still under way must not bring it back
}

type quietKey struct{}

// quiet marks a request that a page makes by itself: it does not keep a session
// alive.
func quiet(ctx context.Context) context.Context { return context.WithValue(ctx, quietKey{}, true) }

func (s *sessionStore) FindCtx(ctx context.Context, token string) (b []byte, found bool, err error) {
	var expiry int64
	err = s.db.QueryRowContext(ctx, "SELECT data, expiry FROM sessions WHERE token = ?", token).Scan(&b, &expiry)
	if errors.Is(err, sql.ErrNoRows) || err == nil && expiry <= s.now().UnixNano() {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("find a session: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known) > maxTries {
		clear(s.known)
	}
	s.known[token] = stored{sum: sha256.Sum256(b), expiry: time.Unix(0, expiry)}
	return b, true, nil
}

func (s *sessionStore) CommitCtx(ctx context.Context, token string, b []byte, expiry time.Time) error {
	x := stored{sum: sha256.Sum256(b), expiry: expiry}
	s.mu.Lock()
	before, ok := s.known[token]
	if before.gone || ok && before.sum == x.sum && (ctx.Value(quietKey{}) != nil || expiry.Sub(before.expiry) < sessionSlack) {
		s.mu.Unlock()
		return nil
	}
	s.known[token] = x
	s.mu.Unlock()
	_, err := s.db.ExecContext(ctx, `INSERT INTO sessions (token, data, expiry) VALUES (?,?,?)
ON CONFLICT (token) DO UPDATE SET data = excluded.data, expiry = excluded.expiry`, token, b, expiry.UnixNano())
	if err != nil {
		return fmt.Errorf("keep a session: %w", err)
	}
	return s.sweep(ctx)
}

// sweep removes what is over, now and then.
func (s *sessionStore) sweep(ctx context.Context) error {
	now := s.now()
	s.mu.Lock()
	due := now.Sub(s.swept) > 10*time.Minute
	if due {
		s.swept = now
	}
	s.mu.Unlock()
	if !due {
		return nil
	}
	if _, err := s.db.ExecContext(ctx, "DELETE FROM sessions WHERE expiry <= ?", now.UnixNano()); err != nil {
		return fmt.Errorf("remove sessions that are over: %w", err)
	}
	return nil
}

func (s *sessionStore) DeleteCtx(ctx context.Context, token string) error {
	s.mu.Lock()
	s.known[token] = stored{gone: true}
	s.mu.Unlock()
	if _, err := s.db.ExecContext(ctx, "DELETE FROM sessions WHERE token = ?", token); err != nil {
		return fmt.Errorf("end a session: %w", err)
	}
	return nil
}

// Find, Commit and Delete are there for the interface of scs, which calls the others.

func (s *sessionStore) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

func (s *sessionStore) Commit(token string, b []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, b, expiry)
}

func (s *sessionStore) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

// codec writes what a session holds: texts, int64 and bool. The same content gives the
// same bytes, which the gob of scs does not, so that an unchanged session is known.
type codec struct{}

type sessionText struct {
	Deadline time.Time         `json:"deadline"`
	Values   map[string]string `json:"values"` // the first letter is the kind
}

// Encode is part of scs.Codec.
func (codec) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	x := sessionText{deadline.UTC(), map[string]string{}}
	for k, v := range values {
		switch v := v.(type) {
		case string:
			x.Values[k] = "s" + v
		case int64:
			x.Values[k] = "i" + strconv.FormatInt(v, 10)
		case bool:
			x.Values[k] = "b" + strconv.FormatBool(v)
		default:
			return nil, fmt.Errorf("session value %s: %T", k, v)
		}
	}
	return json.Marshal(x)
}

// Decode is part of scs.Codec.
func (codec) Decode(b []byte) (time.Time, map[string]any, error) {
	var x sessionText
	if err := json.Unmarshal(b, &x); err != nil {
		return time.Time{}, nil, fmt.Errorf("read a session: %w", err)
	}
	values := map[string]any{}
	for k, v := range x.Values {
		var err error
		switch {
		case strings.HasPrefix(v, "s"):
			values[k] = v[1:]
		case strings.HasPrefix(v, "i"):
			values[k], err = strconv.ParseInt(v[1:], 10, 64)
		case strings.HasPrefix(v, "b"):
			values[k] = v == "btrue"
		default:
			err = errors.New("kind")
		}
		if err != nil {
			return time.Time{}, nil, fmt.Errorf("read session value %s: %w", k, err)
		}
	}
	return x.Deadline, values, nil
}
