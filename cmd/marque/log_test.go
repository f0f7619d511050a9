package main

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"
)

const canary = "4111111111111111"

type secretive struct{ number string }

func (s secretive) LogValue() slog.Value { return slog.StringValue("card " + s.number) }

func TestNoCardNumberIsLogged(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(cardless{slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})})
	parsed, err := url.Parse("https://pay.lender.example/x?card=" + canary)
	if err != nil {
		t.Fatal(err)
	}
	log.Info("paid with 4111 1111 1111 1111")
	log.Debug("x", "path", "/pay/4111-1111-1111-1111", "agent", "Browser/"+canary)
	log.Error("x", "error", fmt.Errorf("charge: %w", errors.New("declined "+canary)))
	log.Warn("x", "any", struct{ Note string }{canary}, "url", parsed, "bytes", []byte(canary), "list", []string{"a", canary})
	log.Warn("x", "number", int64(4111111111111111), "unsigned", uint64(4111111111111111), canary, "key")
	log.Warn("x", slog.Group("g", "a", canary, slog.Group("h", "b", "4111.1111.1111.1111")), "valuer", secretive{canary})
	log.With("held", canary).WithGroup("inner").Info("x", "y", "４１１１１１１１１１１１１１１１")
	for _, line := range strings.Split(out.String(), "\n") {
		if strings.Contains(strings.NewReplacer("-", "", " ", "", ".", "").Replace(line), canary) || strings.Contains(line, "４１１１") {
			t.Error(line)
		}
	}
	if n := strings.Count(out.String(), "card ending 1111"); n != 16 {
		t.Errorf("masked %d times:\n%s", n, out.String())
	}
}

func TestTheLogIsOtherwiseAsItWas(t *testing.T) {
	var plain, masked bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&plain, nil), cardless{slog.NewTextHandler(&masked, nil)}} {
		log := slog.New(h).With("id", "K7QM-2D9X").WithGroup("g")
		log.Info("request", "status", 200, "took", 3*time.Millisecond, "at", time.Unix(0, 0), "error", errors.New("no"), "list", []int{1, 2}, "trace", "121042880000001")
		log.Debug("not shown")
	}
	without := func(b bytes.Buffer) string { _, rest, _ := strings.Cut(b.String(), " "); return rest } // the time
	if without(plain) != without(masked) {
		t.Errorf("%s\n%s", plain.String(), masked.String())
	}
}
