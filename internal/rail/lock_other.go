//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package rail

import (
	"errors"
	"os"
)

// tryLock refuses: without a lock that ends with its holder two processes could
// send one file twice.
func tryLock(*os.File) (bool, error) { return false, errors.ErrUnsupported }
