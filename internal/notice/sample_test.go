package notice

import (
	"io"
	"strings"
	"testing"
)

func TestThePaperlessSampleShowsItsWord(t *testing.T) {
	got := paperText(t, func(w io.Writer) error { return PaperlessSample(w, harbor, "lantern") })
	for _, want := range []string{"Harborline Motor Finance", "Sample", "Type this word on the page you came from: lantern This page", "Page 1 of 1"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if err := PaperlessSample(io.Discard, harbor, ""); err == nil {
		t.Error("a sample without a word was made")
	}
}
