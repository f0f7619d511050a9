//go:build faults

package fault

import (
	"testing"
	"time"
)

func TestWhatIsAskedFor(t *testing.T) {
	for text, want := range map[string]order{
		"":                       {},
		"pay.done":               {"pay.done", 1, "exit", 0},
		"pay.done:3":             {"pay.done", 3, "exit", 0},
		"pay.done:3=error":       {"pay.done", 3, "error", 0},
		"pay.done=sleep 1m30s":   {"pay.done", 1, "sleep", 90 * time.Second},
		"pay.done:12=sleep 20ms": {"pay.done", 12, "sleep", 20 * time.Millisecond},
	} {
		if got, err := parse(text); err != nil || got != want {
			t.Errorf("%q: %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"pay.done:x", "pay.done:0", "pay.done=burn", "pay.done=", "=exit", "pay.done=sleep", "pay.done=sleep soon"} {
		if got, err := parse(text); err == nil {
			t.Errorf("%q: %+v, want an error", text, got)
		}
	}
}
