// Package account is who may use akashi and what each may do: people with
// their roles, the servers and folders to which they are restricted, how they
// prove who they are, their sessions and API tokens, and the visitor that a
// request belongs to.
//
// A Book is the people of a data folder, kept in state.sqlite; a Desk is where
// they log in. The package decides who a visitor is and leaves what he may to
// others: pages and API ask for a Right per route, and the source they read
// restricts every answer to the visitor's Scope.
//
// Invariants: a context without a visitor has no right at all. Every change of a
// person, a token or a proposal is a leaf of the seal before it counts, and a row
// of the database that is not as its last leaf says gives nobody a right. Nobody
// changes his own roles or scope, nobody decides on his own proposal, and there is
// always an administrator. No password, secret or token is kept as it was typed,
// but the secret of one-time codes, which must be.
//
// Concurrency: Book and Desk are safe for concurrent use; a Visitor is not changed
// after With.
package account
