# Turns the output of `go test -bench` into one table: a column for each kind of
# figure every benchmark has, its own figures (payments/s, peak-MB…) at the end.
# Anything that went wrong is passed on, and the exit status tells.
function row(name, runs, time, bytes, allocs, own) {
	printf "%-58s %10s %16s %14s %12s  %s\n", name, runs, time, bytes, allocs, own
}
/^pkg: /  { if ($2 != pkg) { pkg = $2; fresh = 1 } next }
/^Benchmark/ && $2 ~ /^[0-9]+$/ {
	if (!headed++) row("benchmark", "runs", "ns/op", "B/op", "allocs/op", "own figures")
	if (fresh) { print pkg; fresh = 0 }
	split("", figure); own = ""
	for (i = 3; i < NF; i += 2) {
		if ($(i+1) ~ /^(ns\/op|B\/op|allocs\/op)$/) figure[$(i+1)] = $i
		else own = own (own == "" ? "" : ", ") $i " " $(i+1)
	}
	sub(/^Benchmark/, "  ", $1)
	row($1, $2, figure["ns/op"], figure["B/op"], figure["allocs/op"], own)
	next
}
/^(goos|goarch|cpu): / || /^PASS$/ || /^ok / || /no test files/ { next }
/^(FAIL|panic|--- FAIL)/ { failed = 1 }
{ print }
END { exit failed }
