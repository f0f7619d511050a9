// Package servicing holds the verbs: every change to a contract or to the
// ledger is one function here, and every question the pages ask is another. It
// decides with the pure packages and applies through store, in one transaction
// each; what leaves the process is enqueued there and never performed inside.
//
// Every verb and query takes an identity.Actor and checks it. A customer who
// asks for what is not theirs gets ErrNotFound, the same as for what does not
// exist. A *Refusal carries the only words a person may read; any other error
// is a fault.
//
// Each verb that moves money takes a key: the same key with the same inputs
// gives the same answer again, with other inputs it is refused. It knows
// nothing of HTTP, of files, or of mail.
package servicing
