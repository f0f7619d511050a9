package identity

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"strings"
	"sync"
	"unicode/utf8"
)

// The lists' sources and licences are in wordlist/NOTICE.txt.

//go:embed wordlist/passwords.txt.gz
var passwordList []byte

//go:embed wordlist/words.txt.gz
var wordList []byte

// mostCommon is how many lines at the head of the list are the most common ones.
const mostCommon = 3000

func lines(zipped []byte) []string {
	r, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		panic(err) // it was embedded when the program was built
	}
	text, err := io.ReadAll(r)
	if err != nil {
		panic(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// listed maps each common password to whether it is one of the most common.
var listed = sync.OnceValue(func() map[string]bool {
	all := lines(passwordList)
	m := make(map[string]bool, len(all))
	for i, p := range all {
		m[p] = i < mostCommon
	}
	return m
})

var words = sync.OnceValue(func() []string { return lines(wordList) })

// common says whether a whole password, in whatever case, is on the list, or is
// nothing but two or three of the most common ones in a row, with or without
// something between them: the lists of stolen passwords are short of long ones,
// and that is how long ones are made of them.
func common(p string) bool {
	p = folded(p)
	if _, is := listed()[p]; is {
		return true
	}
	return inPieces(strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -_.,+", r) {
			return -1
		}
		return r
	}, p), 3)
}

func inPieces(p string, pieces int) bool {
	if listed()[p] {
		return true
	}
	if pieces == 1 {
		return false
	}
	for cut := range p {
		if cut >= 3 && utf8.RuneCountInString(p[cut:]) >= 3 && listed()[p[:cut]] && inPieces(p[cut:], pieces-1) {
			return true
		}
	}
	return false
}
