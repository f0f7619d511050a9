package sandbox

import "testing"

// An inbox that is closed at once, before its server has begun to serve, closes.
func TestAnInboxClosedAtOnceCloses(t *testing.T) {
	for range 200 {
		in, err := OpenInbox(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if err := in.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
