package config

import (
	"fmt"
	"net/url"
	"path/filepath"
)

// Seal says where the proofs of the data folder come from.
type Seal struct {
	// Authority is the address of a time-stamp authority (RFC 3161); "" = none.
	Authority string `toml:"authority" json:"authority"`
	// Roots is a file of certificates (PEM) that stamps must end in; "" = the
	// system's.
	Roots string `toml:"roots" json:"roots"`
	// KeyFile is where the private key is kept; "" = in the folder's seal/key.
	KeyFile string `toml:"key_file" json:"key_file"`
	// PassphraseFile holds the words that the private key is encrypted with; "" =
	// those of the environment, or none.
	PassphraseFile string `toml:"passphrase_file" json:"passphrase_file,omitempty"`
	// Send says where checkpoints are sent to.
	Send Send `toml:"send" json:"send,omitzero"`
}

func (s *Seal) validate() []Problem {
	var l []Problem
	if u, err := url.Parse(s.Authority); s.Authority != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		l = append(l, Problem{Key: "seal.authority", Reason: fmt.Sprintf("%q: want an address such as https://tsa.example/", s.Authority)})
	}
	for key, path := range map[string]string{"seal.roots": s.Roots, "seal.key_file": s.KeyFile, "seal.passphrase_file": s.PassphraseFile} {
		if path != "" && !filepath.IsAbs(path) {
			l = append(l, Problem{Key: key, Reason: fmt.Sprintf("%q: want a whole path", path)})
		}
	}
	return append(l, s.Send.validate()...)
}
