package pdf

import (
	"bytes"
	"compress/zlib"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

func unpacked(t *testing.T, packed []byte) []byte {
	t.Helper()
	z, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTheCodesAreWhole(t *testing.T) {
	for name, lengths := range map[string]string{"content": contentCodes, "objects": objectCodes, "fonts": fontCodes} {
		for i, part := range []string{lengths[:286], lengths[286:]} {
			sum := 0
			for _, c := range part {
				sum += 1 << (15 - strings.IndexRune("0123456789abcdef", c))
			}
			if sum != 1<<15 { // Kraft: every string of bits means something, and one thing
				t.Errorf("%s, part %d: %d of %d", name, i, sum, 1<<15)
			}
		}
	}
}

func TestWhatIsPackedComesOut(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 100_000)
	for i := range noise {
		noise[i] = byte(chance.Uint32())
	}
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	phrase := []byte("<</S/TD/P 45 0 R/Pg 20 0 R/K 17>>\n")
	var seen heads
	for name, data := range map[string][]byte{
		"nothing": nil, "one byte": {7}, "four": []byte("abcd"), "every byte": all, "noise": noise,
		"zeros": make([]byte, 70_000), "phrases": bytes.Repeat(phrase, 3000),
		"as far as the window":     join(phrase, noise[:window-len(phrase)], phrase),
		"farther than the window":  join(phrase, noise[:window], phrase),
		"a match of 258 and a bit": join(noise[:259], noise[300:310], noise[:259]),
	} {
		for _, book := range []*codebook{contentBook(), objectBook(), fontBook()} {
			packed := book.deflate([]byte("before"), data, &seen)
			if got := unpacked(t, packed[len("before"):]); !bytes.Equal(got, data) {
				t.Errorf("%s: %d bytes become %d", name, len(data), len(got))
			}
		}
	}
	for range 500 { // pieces of a few words, as our streams have them
		var data []byte
		for range chance.IntN(400) {
			from := chance.IntN(len(phrase))
			data = append(data, phrase[from:from+chance.IntN(len(phrase)-from)]...)
		}
		if got := unpacked(t, contentBook().deflate(nil, data, &seen)); !bytes.Equal(got, data) {
			t.Fatalf("%q becomes %q", data, got)
		}
	}
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func FuzzDeflate(f *testing.F) {
	f.Add([]byte("0 0 m 10 0 l S\n0 0 m 10 0 l S\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var seen heads
		if got := unpacked(t, objectBook().deflate(nil, data, &seen)); !bytes.Equal(got, data) {
			t.Fatalf("%q becomes %q", data, got)
		}
	})
}
