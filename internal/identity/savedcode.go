package identity

import (
	"crypto/rand"
	"slices"
	"strings"
)

// savedCodes is how many codes a person is given to keep.
const savedCodes = 10

// NewSavedCodes are ten codes of 140 bits each, in groups of four for reading
// (NIST SP 800-63B-4, 3.1.2 and 4.2.1). With so many bits a plain hash is enough to
// keep them (ASVS 6.5.2): hash what NormalSavedCode gives.
func NewSavedCodes() []string {
	codes := make([]string, savedCodes)
	for i := range codes {
		text := rand.Text() + rand.Text()[:2] // 26 letters of base32, and two more
		var groups []string
		for group := range slices.Chunk([]byte(text), 4) {
			groups = append(groups, string(group))
		}
		codes[i] = strings.Join(groups, "-")
	}
	return codes
}

// NewLetterCode is a code of sixty bits printed in a letter, in groups of four.
// Hash what NormalSavedCode gives.
func NewLetterCode() string {
	text := rand.Text()
	return text[:4] + "-" + text[4:8] + "-" + text[8:12]
}

// NormalSavedCode is a code as it is hashed, however it was typed: without spaces
// and hyphens, in capitals, and with the letters for which the digits 0, 1 and 8
// are mistaken. The codes have none of these.
func NormalSavedCode(code string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '0':
			return 'O'
		case r == '1':
			return 'I'
		case r == '8':
			return 'B'
		case r >= 'A' && r <= 'Z' || r >= '2' && r <= '7':
			return r
		}
		return -1
	}, strings.ToUpper(code))
}
