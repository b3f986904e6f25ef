package server

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/api"
	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/web"
)

var (
	_ api.Care     = (*dataSource)(nil)
	_ api.Settings = (*settings)(nil)
	_ api.Saves    = apiSaves{}
)

// apiSaves keeps searches that come through the API, as the pages keep theirs.
type apiSaves struct {
	keeping
}

// Save keeps a search of the visitor.
func (s apiSaves) Save(ctx context.Context, x api.Saved) (*api.Saved, error) {
	now := time.Now()
	address, _, wrong := web.SearchURL(x.Page+"?"+url.Values{"q": {string(x.Query)}}.Encode(), s.zone, now)
	if wrong != "" {
		field := "q"
		if wrong == "find.saved.no_search" {
			field = "page"
		}
		return nil, &care.Fault{Field: field, Code: care.Wrong, Key: wrong}
	}
	err := s.saved.Add(ctx, web.SavedSearch{Owner: who(ctx), Name: string(x.Name), URL: address, Shared: x.Shared, Made: now.Truncate(time.Second)})
	if errors.Is(err, web.ErrSaved) {
		return nil, &care.Fault{Field: "name", Code: care.Wrong, Key: "find.saved.bad_name"}
	}
	if err != nil {
		return nil, err
	}
	l, err := s.saved.List(ctx, who(ctx))
	if err != nil {
		return nil, err
	}
	for _, k := range l {
		if strings.EqualFold(k.Owner, who(ctx)) && k.Name == string(x.Name) {
			return s.one(k)
		}
	}
	return nil, care.ErrNotFound // another request of the person removed it again
}

// Share shows a search to others, or no longer.
func (s apiSaves) Share(ctx context.Context, id int64, owner string, shared bool) error {
	return s.saved.Share(ctx, id, owner, shared)
}

// Remove forgets a search.
func (s apiSaves) Remove(ctx context.Context, id int64, owner string) error {
	return s.saved.Remove(ctx, id, owner)
}

// apiSeal tells of the seal.
func apiSeal(h web.Health) func(context.Context) (*api.Seal, error) {
	return func(ctx context.Context) (*api.Seal, error) {
		k, err := h.Seal(ctx)
		if err != nil {
			return nil, err
		}
		out := &api.Seal{
			Leaves: k.Leaves, Waiting: k.Waiting, Checkpoints: k.Checkpoints, Last: api.Time(k.Last), Points: []api.Checkpoint{}, Keys: []api.SealKey{},
			Authority: k.Authority, Owed: k.Owed, Expires: api.Time(k.Expires), Renewal: api.Time(k.Renewal),
			Hashes: []api.SealHash{{Hash: "sha256", Done: true}},
		}
		if k.Again != "" {
			out.Hashes = append(out.Hashes, api.SealHash{Hash: k.Again, Since: api.Time(k.AgainAt), Done: true, Broken: k.AgainBroken})
		}
		if k.AgainBegun != "" {
			out.Hashes = append(out.Hashes, api.SealHash{Hash: k.AgainBegun})
		}
		for _, p := range k.Points {
			out.Points = append(out.Points, api.Checkpoint{Time: api.Time(p.Time), Size: p.Size, Note: api.Text(p.Text)})
		}
		for _, x := range k.Keys {
			out.Keys = append(out.Keys, api.SealKey{ID: x.ID, Public: x.Public})
		}
		return out, nil
	}
}
