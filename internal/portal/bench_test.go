package portal

import "testing"

// BenchmarkDashboardPage is the overview of a signed-in customer over HTTP:
// session, reads and page. The database is SQLite in a file.
func BenchmarkDashboardPage(b *testing.B) {
	l := openLender(b)
	p := l.activated(b, "770001001", "4321")
	b.ReportAllocs()
	for b.Loop() {
		if _, status, page := p.visit(b, "/"); status != 200 || len(page) < 2000 {
			b.Fatalf("%d, %d bytes", status, len(page))
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pages/s")
}
