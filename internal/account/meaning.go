package account

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/akashi-audit/akashi/internal/seal"
)

// Object names a row whose changes are sealed.
type Object struct {
	Kind string // seal.KindPerson, KindToken or KindProposal
	ID   int64
}

// personLeaf is the subject of a leaf of seal.KindPerson: what was done, and what
// everybody may know of the person from then on.
type personLeaf struct {
	ID       int64    `json:"id"`
	Name     string   `json:"name"`
	Act      string   `json:"act"` // add, roles, show, disable, enable, password, second, recovery
	Roles    []Role   `json:"roles"`
	Servers  []string `json:"servers,omitempty"`
	Folders  []string `json:"folders,omitempty"`
	Disabled bool     `json:"disabled,omitempty"`
}

// tokenLeaf is the subject of a leaf of seal.KindToken.
type tokenLeaf struct {
	ID      int64    `json:"id"`
	Act     string   `json:"act"` // add, revoke
	Person  string   `json:"person"`
	Name    string   `json:"name"`
	Rights  []string `json:"rights"`
	Expires int64    `json:"expires"` // Unix seconds
}

// proposalLeaf is the subject of a leaf of seal.KindProposal.
type proposalLeaf struct {
	ID      int64  `json:"id"`
	Act     string `json:"act"` // propose, approved, rejected
	Kind    string `json:"kind"`
	Subject string `json:"subject"`
}

// hashJSON is the SHA-256 of the JSON of a value: what a leaf says of a row.
func hashJSON(v any) (seal.Hash, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return seal.Hash{}, fmt.Errorf("encode a row: %w", err)
	}
	return sha256.Sum256(b), nil
}

// secretHash says which secret a row has without telling it.
func secretHash(s string) string {
	if s == "" {
		return ""
	}
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}

// meaning is the hash of everything in the row of a person that gives or takes
// rights. What the person chooses for himself (language, zone, rows), sessions and
// times of log-in are not in it.
func (p *Person) meaning() (seal.Hash, error) {
	return hashJSON(struct {
		ID       int64    `json:"id"`
		Name     string   `json:"name"`
		Shown    string   `json:"shown"`
		Roles    []Role   `json:"roles"`
		Servers  []string `json:"servers"`
		Folders  []string `json:"folders"`
		Disabled bool     `json:"disabled"`
		Must     bool     `json:"must_change"`
		Password string   `json:"password"`
		Second   string   `json:"second"`
		Codes    []string `json:"codes"`
		Created  int64    `json:"created"`
		By       string   `json:"created_by"`
	}{
		p.ID, p.Name, p.Shown, p.Roles, append([]string{}, p.Scope.Servers...), append([]string{}, p.Scope.Folders...), p.Disabled, p.Must,
		secretHash(p.password), secretHash(p.totp), append([]string{}, p.codes...), p.Created, p.CreatedBy,
	})
}

// Mark names what the person is now, so that nothing is changed that was not seen.
func (p *Person) Mark() string {
	h, err := p.meaning()
	if err != nil {
		return ""
	}
	return hex.EncodeToString(h[:16])
}

func (p *Person) leaf(act string) (any, seal.Hash, error) {
	h, err := p.meaning()
	return personLeaf{p.ID, p.Name, act, p.Roles, p.Scope.Servers, p.Scope.Folders, p.Disabled}, h, err
}

func (t *Token) meaning() (seal.Hash, error) {
	return hashJSON(struct {
		ID      int64    `json:"id"`
		Person  int64    `json:"person"`
		Name    string   `json:"name"`
		Hash    string   `json:"hash"`
		Rights  []string `json:"rights"`
		Created int64    `json:"created"`
		Expires int64    `json:"expires"`
		Revoked bool     `json:"revoked"`
	}{t.ID, t.Person, t.Name, t.hash, t.Rights.Names(), t.Created, t.Expires, t.Revoked})
}

func (t *Token) leaf(act, person string) (any, seal.Hash, error) {
	h, err := t.meaning()
	return tokenLeaf{t.ID, act, person, t.Name, t.Rights.Names(), t.Expires}, h, err
}

func (x *Proposal) meaning() (seal.Hash, error) {
	return hashJSON(struct {
		ID            int64  `json:"id"`
		Kind          string `json:"kind"`
		Subject       string `json:"subject"`
		Ground        string `json:"ground"`
		By            int64  `json:"by"`
		ByName        string `json:"by_name"`
		Created       int64  `json:"created"`
		Decision      string `json:"decision"`
		DecidedBy     int64  `json:"decided_by"`
		DecidedName   string `json:"decided_name"`
		DecidedGround string `json:"decided_ground"`
		Decided       int64  `json:"decided"`
	}{x.ID, x.Kind, x.Subject, x.Ground, x.By, x.ByName, x.Created, x.Decision, x.DecidedBy, x.DecidedName, x.DecidedGround, x.Decided})
}

func (x *Proposal) leaf(act string) (any, seal.Hash, error) {
	h, err := x.meaning()
	return proposalLeaf{x.ID, act, x.Kind, x.Subject}, h, err
}

// objectOf reads which row a leaf is about.
func objectOf(e seal.Entry) (Object, bool) {
	switch e.Kind {
	case seal.KindPerson, seal.KindToken, seal.KindProposal:
	default:
		return Object{}, false
	}
	var x struct {
		ID int64 `json:"id"`
	}
	if json.Unmarshal([]byte(e.Subject), &x) != nil || x.ID <= 0 {
		return Object{}, false
	}
	return Object{e.Kind, x.ID}, true
}
