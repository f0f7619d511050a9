// Package fault lets tests stop the program at a named step. A point is a name in
// the code where something has just been done and the next thing has not:
//
//	if err := fault.Point("pay.before_commit"); err != nil {
//		return err
//	}
//
// Without the build tag faults a point is nothing: no code, no name in the
// program, no variable that anybody could set. With it, the environment variable
// MARQUE_FAULT says what happens where:
//
//	name[:n][=exit|sleep 2s|error]
//
// At the n-th passing of the point (the first, without n) the process ends at once
// without a last word (exit, which is meant without any), or waits, or the point
// gives ErrInjected. MARQUE_FAULT_SEEN names a file to which every passing adds a
// line, so that a test knows what a run goes through.
//
// It knows nothing of what the steps are. A point has one place in the code.
package fault

import "errors"

// ErrInjected is what a point gives that was told to fail.
var ErrInjected = errors.New("injected fault")

// After is err, and where there is none the point.
func After(err error, name string) error {
	if err != nil {
		return err
	}
	return Point(name)
}
