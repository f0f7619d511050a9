package tape

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"testing"

	"marque/internal/contract"
)

// BenchmarkReadABSEE shows records a second and that the peak of the heap does
// not grow with the file: the file is put together while it is read, never held.
func BenchmarkReadABSEE(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprintf("%d", n), func(b *testing.B) {
			var one bytes.Buffer
			if err := Sample(&one, contract.Loan, 1000, 1); err != nil {
				b.Fatal(err)
			}
			begin := bytes.Index(one.Bytes(), []byte("  <assets>"))
			end := bytes.LastIndex(one.Bytes(), []byte("</assetData>"))
			head, body, tail := one.Bytes()[:begin], one.Bytes()[begin:end], one.Bytes()[end:]
			peak := uint64(0)
			for b.Loop() {
				parts := []io.Reader{bytes.NewReader(head)}
				for range n / 1000 {
					parts = append(parts, bytes.NewReader(body))
				}
				file := io.MultiReader(append(parts, bytes.NewReader(tail))...)
				runtime.GC()
				read := 0
				for rec, err := range ReadABSEE(file, "bench.xml") {
					if err != nil {
						b.Fatal(err)
					}
					if _, err := rec.Board(DefaultBoardingRules()); err != nil && rec.Loan.done() == "" {
						b.Fatal(err)
					}
					if read++; read%1000 == 0 {
						var m runtime.MemStats
						runtime.ReadMemStats(&m)
						peak = max(peak, m.HeapAlloc)
					}
				}
				if read != n {
					b.Fatal(read)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
			b.ReportMetric(float64(peak), "peak-heap-B")
		})
	}
}
