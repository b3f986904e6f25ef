// Package web draws the pages: search by file and by person, the log search,
// one record with its raw events, and the CSV of a search.
//
// It stores nothing, opens no file of the data folder and listens on no port:
// it turns requests into calls of Source and answers into HTML. Every state of
// a page is in its URL; pages work without JavaScript and carry neither inline
// script nor inline style.
//
// Invariant: names in records are hostile input. They reach a page only through
// record.Visible and html/template, and a cell of a CSV only through the
// formula guard.
//
// Concurrency: the handler is safe for concurrent use when its Source is.
package web

//go:generate go run github.com/akashi-audit/akashi/internal/tools/uibuild
