//go:build broken

package servicing_test

func init() { everyRow = true }
