// Package once keeps the answers of requests that begin something, under the key that
// their program gave (the header Idempotency-Key), so that a request that is sent again
// begins nothing a second time.
//
// It does not know what is asked: a request is its key and a print of what was sent. It
// keeps no secret: an answer that tells one is kept without its content.
//
// Invariants: of requests with the same key at once, one goes on. An answer is on the disk
// before its asker has it. What was begun and never ended, because the program or the
// machine stopped, is never begun again under its key: nobody knows whether it was done.
//
// The rules are those of draft-ietf-httpapi-idempotency-key-header-06, section 2.
//
// Concurrency: a Book is safe for concurrent use, also beside other processes.
package once
