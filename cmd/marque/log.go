package main

import (
	"context"
	"fmt"
	"log/slog"

	"marque/internal/card"
)

// cardless masks card numbers in whatever is logged: messages, attributes, errors,
// and values of any kind as they would be printed. None should come as far as a
// log; this is for the one that does.
type cardless struct{ to slog.Handler }

func (h cardless) Enabled(ctx context.Context, level slog.Level) bool {
	return h.to.Enabled(ctx, level)
}

func (h cardless) Handle(ctx context.Context, r slog.Record) error {
	masked := slog.NewRecord(r.Time, r.Level, card.Mask(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		masked.AddAttrs(maskedAttr(a))
		return true
	})
	return h.to.Handle(ctx, masked)
}

func (h cardless) WithAttrs(attrs []slog.Attr) slog.Handler {
	return cardless{h.to.WithAttrs(maskedAttrs(attrs))}
}

func (h cardless) WithGroup(name string) slog.Handler {
	return cardless{h.to.WithGroup(card.Mask(name))}
}

func maskedAttrs(attrs []slog.Attr) []slog.Attr {
	out := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		out[i] = maskedAttr(a)
	}
	return out
}

func maskedAttr(a slog.Attr) slog.Attr {
	a.Key, a.Value = card.Mask(a.Key), a.Value.Resolve()
	switch a.Value.Kind() {
	case slog.KindGroup:
		a.Value = slog.GroupValue(maskedAttrs(a.Value.Group())...)
	case slog.KindBool, slog.KindDuration, slog.KindTime, slog.KindFloat64:
	default:
		said := a.Value.String()
		if b, ok := a.Value.Any().([]byte); ok {
			said = string(b)
		} else if err, ok := a.Value.Any().(error); ok {
			said = err.Error()
		} else if a.Value.Kind() == slog.KindAny {
			said = fmt.Sprintf("%+v", a.Value.Any())
		}
		if m := card.Mask(said); m != said {
			a.Value = slog.StringValue(m)
		}
	}
	return a
}
