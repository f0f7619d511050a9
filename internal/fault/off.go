//go:build !faults

package fault

// Point does nothing.
func Point(string) error { return nil }
