package identity

import (
	"bytes"
	"crypto/sha1" // the format's own hash: it finds known passwords, it protects none
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// Breached is a file of passwords known from thefts, looked into without a
// network (ASVS 6.2.12): upper-case hex SHA-1, sorted, one a line, each with
// ":count" after it or not, as Have I Been Pwned gives it out. The nil *Breached
// knows none.
type Breached struct {
	file io.ReaderAt
	size int64
}

const sha1Hex = 2 * sha1.Size

// longestLine is above the length of any line: 40 digits, a colon, a count of at
// most 20, CR and LF.
const longestLine = 64

// OpenBreached reads the first and the last line and refuses a file that is
// something else, or not sorted by the look of them.
func OpenBreached(r io.ReaderAt, size int64) (*Breached, error) {
	b := &Breached{file: r, size: size}
	if size == 0 {
		return nil, fmt.Errorf("open breached passwords: the file is empty")
	}
	first, _, err := b.line(0)
	if err != nil {
		return nil, fmt.Errorf("open breached passwords: %w", err)
	}
	start, err := b.lineStart(size - 1)
	if err != nil {
		return nil, fmt.Errorf("open breached passwords: %w", err)
	}
	last, _, err := b.line(start)
	if err != nil {
		return nil, fmt.Errorf("open breached passwords: %w", err)
	}
	if last < first {
		return nil, fmt.Errorf("open breached passwords: not sorted: it begins with %s and ends with %s", first, last)
	}
	return b, nil
}

// Has says whether the password, as typed or as normalized, is in the file. An
// error names the byte at which the file is not what it should be.
func (b *Breached) Has(password string) (bool, error) {
	if b == nil {
		return false, nil
	}
	found, err := b.find(password)
	if plain := normal(password); err == nil && !found && plain != password {
		found, err = b.find(plain)
	}
	if err != nil {
		return false, fmt.Errorf("look up breached password: %w", err)
	}
	return found, nil
}

func (b *Breached) find(password string) (bool, error) {
	sum := sha1.Sum([]byte(password))
	want := strings.ToUpper(hex.EncodeToString(sum[:]))
	low, high := int64(0), b.size // the line, if there is one, starts in [low, high)
	for low < high {
		start, err := b.lineStart(low + (high-low)/2)
		if err != nil {
			return false, err
		}
		got, next, err := b.line(start)
		if err != nil {
			return false, err
		}
		switch {
		case got == want:
			return true, nil
		case got < want:
			low = next
		default:
			high = start
		}
	}
	return false, nil
}

// lineStart is where the line begins that the byte at offset belongs to. A line
// feed belongs to the line it ends.
func (b *Breached) lineStart(offset int64) (int64, error) {
	from := max(offset-longestLine, 0)
	window := make([]byte, offset-from)
	if _, err := b.file.ReadAt(window, from); err != nil && err != io.EOF {
		return 0, fmt.Errorf("read at byte %d: %w", from, err)
	}
	if i := bytes.LastIndexByte(window, '\n'); i >= 0 {
		return from + int64(i) + 1, nil
	}
	if from > 0 {
		return 0, fmt.Errorf("byte %d: a line is longer than a hash and a count", from)
	}
	return 0, nil
}

// line is the hash of the line at start, and where the next one begins.
func (b *Breached) line(start int64) (hash string, next int64, err error) {
	window := make([]byte, min(longestLine, b.size-start))
	if _, err := b.file.ReadAt(window, start); err != nil && err != io.EOF {
		return "", 0, fmt.Errorf("read at byte %d: %w", start, err)
	}
	text, _, whole := bytes.Cut(window, []byte("\n"))
	next = start + int64(len(text)) + 1
	if !whole && next <= b.size {
		return "", 0, fmt.Errorf("byte %d: a line is longer than a hash and a count", start)
	}
	text, _, _ = bytes.Cut(bytes.TrimSuffix(text, []byte("\r")), []byte(":"))
	if len(text) != sha1Hex || len(bytes.Trim(text, "0123456789ABCDEF")) > 0 {
		return "", 0, fmt.Errorf("byte %d: %q is not an upper-case SHA-1", start, text)
	}
	return string(text), next, nil
}
