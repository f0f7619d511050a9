// Command withpostgres runs a command with a private PostgreSQL beside it:
//
//	go run ./internal/pgtest/withpostgres go test ./...
//
// The command finds the server's URL in MARQUE_TEST_POSTGRES, so that the
// tests of all packages share one cluster. It does not wait for the disk unless
// -durable stands before the command, as for benchmarks. The exit status is the command's.
// The cluster is removed when the command ends, or when this program does.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"marque/internal/pgtest"
)

func main() {
	start, command := pgtest.StartQuick, os.Args[1:]
	if len(command) > 0 && command[0] == "-durable" {
		start, command = pgtest.Start, command[1:]
	}
	if len(command) == 0 {
		fmt.Fprintln(os.Stderr, "usage: withpostgres [-durable] COMMAND [ARGUMENT…]")
		os.Exit(2)
	}
	status, err := run(start, command[0], command[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "withpostgres:", err)
		status = max(status, 1)
	}
	os.Exit(status)
}

func run(start func() (*pgtest.Cluster, error), name string, args []string) (status int, err error) {
	// The terminal sends Ctrl-C to the command as well; we wait for its end.
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)

	cluster, err := start()
	if err != nil {
		return 1, fmt.Errorf("start a private PostgreSQL: %w", err)
	}
	defer func() { err = errors.Join(err, cluster.Stop()) }()

	command := exec.Command(name, args...)
	command.Env = append(os.Environ(), pgtest.Env+"="+cluster.URL)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := command.Start(); err != nil {
		return 1, fmt.Errorf("run %s: %w", name, err)
	}
	go func() {
		for s := range interrupts {
			if s == syscall.SIGTERM {
				// It may have ended already; then there is nothing to tell.
				_ = command.Process.Signal(s)
			}
		}
	}()
	err = command.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return max(exit.ExitCode(), 1), nil
	}
	return 0, err
}
