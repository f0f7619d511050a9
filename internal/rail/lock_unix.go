//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package rail

import (
	"errors"
	"os"
	"syscall"
)

// tryLock takes a file for this process, until it is closed or the process ends.
func tryLock(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, syscall.EINTR) {
		return false, nil
	}
	return err == nil, err
}
