// Package server serves a data folder over HTTP: the pages of package web,
// GET /healthz, and POST /api/v1/imports and /local/evidence, by which the command
// line hands an import or the making of an evidence bundle over to the process that
// holds the folder.
//
// It decides who may connect and nothing about what is shown. Until log-in
// exists it listens on loopback addresses only and answers requests for
// loopback names only, so that no other machine and no page of another site
// (DNS rebinding) reaches it.
//
// Invariant: an import or a bundle needs the token of serve.json, which only the owner of
// the data folder can read; the file is written after the port is open and
// removed at the end.
//
// Concurrency: Serve may run once per Engine; handlers are safe for concurrent
// use.
package server
