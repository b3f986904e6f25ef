// Package server serves a data folder over HTTP: the pages of package web, the JSON
// API, GET /healthz and /metrics, and what the command line hands over to the process
// that holds the folder: POST /api/v1/imports, POST
// /local/people, /local/evidence and /local/renewal.
//
// It decides who may connect, finds the visitor of each request (package account) and
// writes down what he does (package trail); it decides nothing about what is shown.
// Loopback is plain HTTP, every other address TLS. Requests that name another host than
// this machine get nothing (DNS rebinding), nor do posts from pages of other sites.
//
// Invariant: an import or a bundle needs the token of serve.json, which only the owner of
// the data folder can read; the file is written after the port is open and
// removed at the end.
//
// Concurrency: Serve may run once per Engine; handlers are safe for concurrent
// use.
package server
