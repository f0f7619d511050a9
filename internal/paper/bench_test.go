package paper

import (
	"syscall"
	"testing"

	"marque/internal/billing"
)

// BenchmarkStatement sets a usual statement with its fonts and tags. docs/cpu-s
// counts the processor's time, so that it says the same on a busy machine.
func BenchmarkStatement(b *testing.B) {
	s, size := calmStatement(), 0
	before := used(b)
	b.ReportAllocs()
	for b.Loop() {
		pdf, err := Statement(billing.English, s)
		if err != nil {
			b.Fatal(err)
		}
		size = len(pdf)
	}
	b.ReportMetric(float64(b.N)/(used(b)-before), "docs/cpu-s")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "docs/s")
	b.ReportMetric(float64(size), "bytes/doc")
}

// used is the processor's time that the program has taken, in seconds.
func used(b *testing.B) float64 {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}
