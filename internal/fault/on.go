//go:build faults

package fault

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// order is what was asked for.
type order struct {
	name  string
	at    int
	do    string
	sleep time.Duration
}

var (
	mu     sync.Mutex
	passed = map[string]int{}
	asked  = sync.OnceValue(func() order {
		o, err := parse(os.Getenv("MARQUE_FAULT"))
		if err != nil {
			panic(err)
		}
		return o
	})
	seen = sync.OnceValue(func() *os.File {
		name := os.Getenv("MARQUE_FAULT_SEEN")
		if name == "" {
			return nil
		}
		f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			panic(err)
		}
		return f
	})
)

// Point is passed by whoever has just done what its name says.
func Point(name string) error {
	o, n := asked(), pass(name)
	if o.name != name || o.at != n {
		return nil
	}
	switch o.do {
	case "error":
		return fmt.Errorf("%s: %w", name, ErrInjected)
	case "sleep":
		time.Sleep(o.sleep)
		return nil
	}
	os.Exit(137) // what a shell says of a process that was killed
	return nil
}

func pass(name string) int {
	mu.Lock()
	defer mu.Unlock()
	passed[name]++
	if f := seen(); f != nil {
		if _, err := f.WriteString(name + "\n"); err != nil {
			panic(err)
		}
	}
	return passed[name]
}

func parse(text string) (o order, err error) {
	if text == "" {
		return o, nil
	}
	where, what, said := strings.Cut(text, "=")
	name, nth, counted := strings.Cut(where, ":")
	o = order{name: name, at: 1, do: "exit"}
	if counted {
		if o.at, err = strconv.Atoi(nth); err != nil || o.at < 1 {
			return o, fmt.Errorf("MARQUE_FAULT %q: %q is not a number of passings", text, nth)
		}
	}
	if wait, is := strings.CutPrefix(what, "sleep "); is {
		o.do = "sleep"
		if o.sleep, err = time.ParseDuration(wait); err != nil {
			return o, fmt.Errorf("MARQUE_FAULT %q: %w", text, err)
		}
		return o, nil
	}
	if said {
		o.do = what
	}
	if name == "" || o.do != "exit" && o.do != "error" {
		return o, fmt.Errorf("MARQUE_FAULT %q: it is name[:n][=exit|sleep 2s|error]", text)
	}
	return o, nil
}
