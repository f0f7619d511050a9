package identity

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"math/big"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Security questions are off unless a lender turns them on, which departs from
// ASVS 6.4.2 and NIST SP 800-63B-4, 3.1.1.2. A right answer proves nothing: it
// only takes away a gate behind which another proof already stands.

// Question is one that a person may choose.
type Question struct{ ID, Text string }

var questions = []Question{
	{"first-street", "What was the name of the first street you lived on?"},
	{"first-pet", "What was the name of your first pet?"},
	{"first-teacher", "What was the last name of your first teacher?"},
	{"first-job-town", "In which town did you have your first job?"},
	{"first-trip", "Where did you go on your first trip alone?"},
	{"childhood-friend", "What was the last name of your best friend as a child?"},
	{"childhood-toy", "What did you call your favorite toy as a child?"},
	{"grandparent-town", "In which town did your grandmother grow up?"},
	{"dream-job", "What did you want to be when you were ten?"},
	{"first-concert", "Whose concert did you go to first?"},
}

// Questions are all there are, in the order in which they are offered.
func Questions() []Question { return slices.Clone(questions) }

// QuestionText is the text of a question, empty for an id that is none.
func QuestionText(id string) string {
	i := slices.IndexFunc(questions, func(q Question) bool { return q.ID == id })
	if i < 0 {
		return ""
	}
	return questions[i].Text
}

// FakeQuestions are the ids of the n questions to ask for an identifier that has
// chosen none: always the same for one identifier, so that the step does not tell
// who has an account. key is secret.
func FakeQuestions(key []byte, identifier string, n int) []string {
	ids := make([]string, len(questions))
	for i, q := range questions {
		ids[i] = q.ID
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("questions:" + CanonicalName(identifier)))
	sum := mac.Sum(nil)
	n = min(max(n, 0), len(ids))
	for i := range n {
		j := i + int(binary.BigEndian.Uint16(sum[2*i:]))%(len(ids)-i)
		ids[i], ids[j] = ids[j], ids[i]
	}
	return ids[:n]
}

// NormalAnswer is an answer as it is compared and hashed: without case,
// punctuation, and more than one space between words. It is kept like a password:
// HashPassword of it.
func NormalAnswer(answer string) string {
	return settled(answer, func(s string) string {
		return normal(strings.Join(strings.FieldsFunc(folded(normal(s)), func(r rune) bool {
			return unicode.IsSpace(r) || unicode.IsPunct(r) || unicode.IsSymbol(r) || unicode.IsControl(r)
		}), " "))
	})
}

// answersCommon are what strangers try first.
var answersCommon = strings.Fields(`none nothing unknown test asdf blue green black white yellow purple orange
	pink silver buddy bella lucy daisy max rocky princess shadow tiger lucky fluffy smokey ginger molly coco
	charlie bailey spot smith johnson williams brown jones garcia miller davis rodriguez martinez wilson
	anderson taylor thomas moore jackson martin main elm park oak maple cedar pine washington second third
	first fourth fifth highland teacher doctor nurse lawyer actor singer astronaut firefighter police
	policeman pilot veterinarian baseball football pizza teddy bear blanket barbie lego paris london
	dallas houston chicago miami boston phoenix austin california florida texas mexico canada hawaii
	york newyork beatles madonna metallica`)

// longestAnswer is in bytes.
const longestAnswer = 256

// AnswerProblem says in a person's words what is wrong with each answer, at its
// place; empty where nothing is. questions are the texts they answer, own the
// person's names, addresses and numbers. An answer has at least four characters,
// differs from the others, and is not found in the questions, the person's own
// data or among common answers.
func AnswerProblem(answers []string, questions []string, own ...string) []string {
	problems := make([]string, len(answers))
	for i, answer := range answers {
		a := NormalAnswer(answer)
		within := func(text string) bool {
			t := NormalAnswer(text)
			return t != "" && (strings.Contains(" "+t+" ", " "+a+" ") || utf8.RuneCountInString(t) >= 4 && strings.Contains(a, t) && utf8.RuneCountInString(a)-utf8.RuneCountInString(t) < 4)
		}
		switch {
		case utf8.RuneCountInString(a) < 4:
			problems[i] = "Use at least 4 letters or digits."
		case len(answer) > longestAnswer:
			problems[i] = "Use a shorter answer."
		case slices.ContainsFunc(answers[:i], func(other string) bool { return NormalAnswer(other) == a }):
			problems[i] = "You gave this answer above. Use a different one for each question."
		case slices.ContainsFunc(questions, within):
			problems[i] = "That answer is in a question. Use other words."
		case slices.ContainsFunc(own, within):
			problems[i] = "That answer is part of what we know about you. Use other words."
		case slices.Contains(answersCommon, a) || listed()[a]:
			problems[i] = "Many people give that answer, so it is easy to guess. Use other words."
		}
	}
	return problems
}

// GeneratedAnswer is two words that nobody can look up: 4,359 by 4,359, 24 bits,
// enough where three tries a day are allowed. It is what the form offers first,
// because true answers can be found out.
func GeneratedAnswer() string {
	all := words()
	pick := func() string {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(all))))
		if err != nil {
			panic(err) // the system's randomness is gone; nothing may go on
		}
		return all[n.Int64()]
	}
	return pick() + " " + pick()
}
