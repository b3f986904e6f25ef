package web

import "github.com/akashi-audit/akashi/internal/care"

// anewView is an algorithm that everything sealed is hashed under beside SHA-256.
type anewView struct {
	Name   string
	Since  string // "" = it is not done
	Broken int
}

func anewViews(rq *request, k *Seal) (out []anewView) {
	if k.Again != "" {
		out = append(out, anewView{care.HashName(k.Again), clock(k.AgainAt, rq.zone), k.AgainBroken})
	}
	if k.AgainBegun != "" {
		out = append(out, anewView{Name: care.HashName(k.AgainBegun)})
	}
	return out
}

// hashView is an algorithm that can be chosen.
type hashView struct{ Value, Name string }

func hashViews() (out []hashView) {
	for _, h := range care.Hashes() {
		out = append(out, hashView{h, care.HashName(h)})
	}
	return out
}
