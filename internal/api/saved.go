package api

import (
	"net/http"

	"github.com/akashi-audit/akashi/internal/account"
)

// save keeps a search of the visitor. One of the same name is replaced.
func (s *server) save(rq *request) error {
	var in struct {
		Name   string `json:"name"`
		Page   string `json:"page"`
		Query  string `json:"q"`
		Shared bool   `json:"shared"`
	}
	if err := s.read(rq, &in, "name", "q"); err != nil {
		return err
	}
	if in.Page == "" {
		in.Page = "/search"
	}
	x, err := s.cfg.Saves.Save(rq.r.Context(), Saved{Name: Text(tidied(in.Name)), Page: in.Page, Query: Text(tidied(in.Query)), Shared: in.Shared})
	if err != nil {
		return err
	}
	if err := s.note(rq, "save", string(x.Name)+": "+string(x.Query), ""); err != nil {
		return err
	}
	return s.answer(rq, http.StatusCreated, x)
}

// ownerOf is whose searches the visitor may change, "" = those of all.
func ownerOf(rq *request) string {
	if rq.who.May(account.People) {
		return ""
	}
	return rq.who.Name
}

// share shows a search to others, or no longer.
func (s *server) share(rq *request) error {
	var in struct {
		Shared bool `json:"shared"`
	}
	if err := s.read(rq, &in, "shared"); err != nil {
		return err
	}
	id, err := idOf(rq, "id")
	if err != nil {
		return err
	}
	if err := s.cfg.Saves.Share(rq.r.Context(), id, ownerOf(rq), in.Shared); err != nil {
		return err
	}
	do := "unshare"
	if in.Shared {
		do = "share"
	}
	if err := s.note(rq, "saved "+do, rq.r.PathValue("id"), ""); err != nil {
		return err
	}
	return s.none(rq)
}

// forget forgets a search.
func (s *server) forget(rq *request) error {
	if err := known(rq.r.URL.Query()); err != nil {
		return err
	}
	id, err := idOf(rq, "id")
	if err != nil {
		return err
	}
	if err := s.cfg.Saves.Remove(rq.r.Context(), id, ownerOf(rq)); err != nil {
		return err
	}
	if err := s.note(rq, "saved remove", rq.r.PathValue("id"), ""); err != nil {
		return err
	}
	return s.none(rq)
}

// none answers that it is done.
func (s *server) none(rq *request) error {
	rq.w.WriteHeader(http.StatusNoContent)
	return nil
}
