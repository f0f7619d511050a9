package identity

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"runtime"

	"github.com/alexedwards/argon2id"
)

// MinPepper is the least length of a pepper in bytes: a keyed hash's key has at
// least 112 bits (NIST SP 800-63B-4, 3.1.1.2).
const MinPepper = 16

// 19 MiB, two passes, one lane: the OWASP Password Storage Cheat Sheet's
// parameters for Argon2id. About 40 ms of a core.
var argon = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// hashing bounds how many passwords are worked on at once to the number of cores:
// the work is nothing but computing, so more at once would finish no sooner, keep
// 19 MiB each, and leave the pages less of every core. Who waits gives way when
// its request ends.
var hashing = make(chan struct{}, runtime.GOMAXPROCS(0))

// decoy is compared with when there is no account, so that the answer takes as
// long. Nobody knows its password, and nobody is let in by it.
var decoy = "$argon2id$v=19$m=19456,t=2,p=1$v5yqDsWv8Jw0m3gkY7L2xQ$0a1xJc9T4vB3sKqRk8oY2nGfLw7hUeZpIdMy6iXbQtE"

// HashPassword makes what is kept of a password: Argon2id over HMAC-SHA256 of the
// normalized password, keyed with the pepper, which lives outside the database
// (NIST SP 800-63B-4, 3.1.1.2). It fails when ctx ends while it waits its turn.
func HashPassword(ctx context.Context, pepper []byte, password string) (string, error) {
	keyed, err := peppered(pepper, password)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	done, err := turn(ctx)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	defer done()
	h, err := argon2id.CreateHash(keyed, argon)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return h, nil
}

// CheckPassword compares; an empty hash, for nobody, takes as long and fails. A
// password too long to have been accepted is not looked at. It fails when ctx ends
// while it waits its turn.
func CheckPassword(ctx context.Context, pepper []byte, password, hash string) (bool, error) {
	nobody := hash == ""
	if nobody {
		hash = decoy
	}
	if len(password) > 4*MaxPassword { // normalization shrinks a character from 4 bytes to 1 at most
		password, nobody = "", true
	}
	keyed, err := peppered(pepper, password)
	if err != nil {
		return false, fmt.Errorf("check password: %w", err)
	}
	done, err := turn(ctx)
	if err != nil {
		return false, fmt.Errorf("check password: %w", err)
	}
	defer done()
	ok, err := argon2id.ComparePasswordAndHash(keyed, hash)
	if err != nil {
		return false, fmt.Errorf("check password: %w", err)
	}
	return ok && !nobody, nil
}

func peppered(pepper []byte, password string) (string, error) {
	if len(pepper) < MinPepper {
		return "", fmt.Errorf("the pepper has %d bytes, not %d or more", len(pepper), MinPepper)
	}
	mac := hmac.New(sha256.New, pepper)
	mac.Write([]byte(normal(password)))
	return string(mac.Sum(nil)), nil
}

func turn(ctx context.Context) (done func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case hashing <- struct{}{}:
		return func() { <-hashing }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
