// Package account is who may use akashi and what each may do: people with
// their roles, the servers and folders to which they are restricted, and the
// visitor that a request belongs to.
//
// It decides, and leaves the deciding place to others: package server finds the
// visitor of a request and puts it into the request's context, pages and API ask
// for a Right per route, and the source they read restricts every answer to the
// visitor's Scope.
//
// Invariant: a context without a visitor has no right at all.
//
// Concurrency: a Visitor is not changed after With.
package account
