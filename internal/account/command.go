package account

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Command is what the owner of the machine does to the people at its command line,
// where nobody logs in: whoever can write to the data folder can do it.
type Command struct {
	Act     string   `json:"act"` // list, add, roles, reset, disable, enable
	Name    string   `json:"name,omitempty"`
	Shown   string   `json:"shown,omitempty"`
	Roles   []Role   `json:"roles,omitempty"`
	Servers []string `json:"servers,omitempty"`
	Folders []string `json:"folders,omitempty"`
	Second  bool     `json:"second,omitempty"` // reset takes the one-time codes away too
	By      string   `json:"by,omitempty"`
}

// Listed is a person as the command line shows him.
type Listed struct {
	Name      string   `json:"name"`
	Shown     string   `json:"shown,omitempty"`
	Roles     []Role   `json:"roles"`
	Servers   []string `json:"servers,omitempty"`
	Folders   []string `json:"folders,omitempty"`
	Second    bool     `json:"second_factor"`
	Disabled  bool     `json:"disabled"`
	Foreign   bool     `json:"not_as_sealed,omitempty"`
	LastLogin int64    `json:"last_login,omitempty"` // Unix seconds
}

// Answer is what a Command leads to.
type Answer struct {
	People   []Listed `json:"people"`
	Password string   `json:"password,omitempty"` // made for add and reset; told once
}

// ErrCommand refuses a command that does not exist.
var ErrCommand = errors.New("no such command")

// Run carries out a command. Changes of roles by it need nobody's approval.
func (b *Book) Run(ctx context.Context, c Command) (*Answer, error) {
	by := Actor{Name: tidy(c.By, maxName), Ground: "command line"}
	var out Answer
	if c.Act == "add" {
		out.Password = newPassword()
		p, err := b.Add(ctx, by, NewPerson{
			Name: c.Name, Shown: c.Shown, Roles: c.Roles, Scope: Scope{c.Servers, c.Folders}, Password: out.Password, Must: true,
		})
		if err != nil {
			return nil, err
		}
		out.People = []Listed{listed(p)}
		return &out, nil
	}
	if c.Act == "list" {
		l, err := b.People(ctx)
		if err != nil {
			return nil, err
		}
		for _, p := range l {
			out.People = append(out.People, listed(p))
		}
		return &out, nil
	}
	p, err := b.Named(ctx, c.Name)
	if err != nil {
		return nil, err
	}
	switch c.Act {
	case "roles":
		p, err = b.SetGrant(ctx, by, p.ID, Grant{c.Roles, Scope{c.Servers, c.Folders}})
	case "disable", "enable":
		p, err = b.Disable(ctx, by, p.ID, c.Act == "disable")
	case "reset":
		out.Password = newPassword()
		p, err = b.Reset(ctx, by, p.ID, out.Password, c.Second)
	default:
		err = fmt.Errorf("%w: %.20q", ErrCommand, c.Act)
	}
	if err != nil {
		return nil, err
	}
	out.People = []Listed{listed(p)}
	return &out, nil
}

func listed(p *Person) Listed {
	return Listed{p.Name, p.Shown, slices.Clone(p.Roles), p.Scope.Servers, p.Scope.Folders, p.Second, p.Disabled, p.Foreign, p.LastLogin}
}

// newPassword makes a password that a person copies once: 100 random bits in groups.
func newPassword() string {
	s := strings.ToLower(rand.Text())
	return s[:5] + "-" + s[5:10] + "-" + s[10:15] + "-" + s[15:20]
}

// NewPassword makes a password for another person, who must change it.
func NewPassword() string { return newPassword() }
