package identity_test

import (
	"encoding/base32"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"marque/internal/identity"
	"marque/internal/money"
)

var rfcSeed = base32.StdEncoding.EncodeToString([]byte("12345678901234567890"))

func unix(seconds int64) money.Instant { return money.InstantOf(time.Unix(seconds, 0)) }

// RFC 4226, appendix D, by counter, and RFC 6238, appendix B, the last six of its
// eight digits.
func TestAppCodesAreThoseOfTheStandards(t *testing.T) {
	for counter, code := range []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"} {
		step, ok := identity.CheckTOTP(rfcSeed, code, unix(int64(counter)*30), -1)
		if !ok || step != int64(counter) {
			t.Errorf("counter %d: %s: %d, %t", counter, code, step, ok)
		}
	}
	for at, code := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		if step, ok := identity.CheckTOTP(rfcSeed, code[2:], unix(at), 0); !ok || step != at/30 {
			t.Errorf("at %d: %s: %d, %t", at, code[2:], step, ok)
		}
	}
}

func TestAnAppCodeStandsOneStepEitherWay(t *testing.T) {
	const code = "287082" // step 1: seconds 30 to 59
	for at, want := range map[int64]bool{0: true, 29: true, 30: true, 59: true, 61: true, 89: true, 90: false, 120: false} {
		if _, ok := identity.CheckTOTP(rfcSeed, code, unix(at), 0); ok != want {
			t.Errorf("at %d: %t", at, ok)
		}
	}
}

func TestAnAppCodeWorksOnce(t *testing.T) {
	now := unix(1111111111)
	step, ok := identity.CheckTOTP(rfcSeed, "050 471", now, 0)
	if !ok {
		t.Fatal("the right code, written with a space, fails")
	}
	for _, later := range []time.Duration{0, time.Second, 20 * time.Second} {
		if _, ok := identity.CheckTOTP(rfcSeed, "050471", now.Add(later), step); ok {
			t.Errorf("it works again %s later", later)
		}
	}
	if _, ok := identity.CheckTOTP(rfcSeed, "050471", now, math.MaxInt64); ok {
		t.Error("a code older than the last one works")
	}
	if _, ok := identity.CheckTOTP(rfcSeed, "081804", now, step); ok { // the step before, not used
		t.Error("after a later code an earlier one works")
	}
}

func TestWhatIsNoAppCodeIsRefused(t *testing.T) {
	for _, code := range []string{"", "05047", "0504711", "050472", "abcdef", "０５０４７１", "+50471"} {
		if _, ok := identity.CheckTOTP(rfcSeed, code, unix(1111111111), 0); ok {
			t.Errorf("%q works", code)
		}
	}
	for _, seed := range []string{"not base32!", "1"} {
		if _, ok := identity.CheckTOTP(seed, "050471", unix(1111111111), 0); ok {
			t.Errorf("with the seed %q a code works", seed)
		}
	}
}

func TestAnAppReadsTheAddress(t *testing.T) {
	seed := identity.NewTOTPSeed()
	if raw, err := base32.StdEncoding.DecodeString(seed); err != nil || len(raw) != 20 || identity.NewTOTPSeed() == seed {
		t.Errorf("%q: %d bytes, %v", seed, len(raw), err)
	}
	address := identity.TOTPAddress("Demo Auto: Finance", "jordan@mail.example", seed)
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/Demo Auto  Finance:jordan@mail.example" || strings.Contains(address, "+") {
		t.Errorf("%s: %v", address, err)
	}
	if q := u.Query(); q.Get("secret") != seed || q.Get("issuer") != "Demo Auto: Finance" || q.Get("digits") != "6" || q.Get("period") != "30" || q.Get("algorithm") != "SHA1" {
		t.Errorf("%s", address)
	}
}

func TestSavedCodesAreReadAndTypedAnyWay(t *testing.T) {
	codes := identity.NewSavedCodes()
	seen := map[string]bool{}
	for _, code := range codes {
		plain := identity.NormalSavedCode(code)
		if seen[plain] || len(plain)*5 < 128 || strings.ContainsAny(code, "0189") || len(strings.Split(code, "-")) != 7 {
			t.Errorf("%q", code)
		}
		seen[plain] = true
		for _, typed := range []string{
			strings.ToLower(code), strings.ReplaceAll(code, "-", ""), " " + strings.ReplaceAll(code, "-", " ") + "\n",
			strings.NewReplacer("O", "0", "I", "1", "B", "8").Replace(code), strings.ReplaceAll(code, "-", "–"),
		} {
			if identity.NormalSavedCode(typed) != plain {
				t.Errorf("%q is not %q", typed, code)
			}
		}
	}
	if len(codes) != 10 {
		t.Errorf("%d codes", len(codes))
	}
	if identity.NormalSavedCode("") != "" || identity.NormalSavedCode("…") != "" {
		t.Error("nothing is a code")
	}
}

func TestAnswersAreComparedWithoutCaseAndPunctuation(t *testing.T) {
	for typed, want := range map[string]string{
		"  Otter   Lamp ": "otter lamp", "otter-lamp": "otter lamp", "OTTER, LAMP!": "otter lamp",
		"Straße": "strasse", "ﬁve": "five", "St. Mary's": "st mary s", "": "", " .,- ": "",
	} {
		if got := identity.NormalAnswer(typed); got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
}

func TestAnAnswerThatAStrangerWouldTryIsRefused(t *testing.T) {
	asked := []string{identity.QuestionText("first-street"), identity.QuestionText("first-pet"), identity.QuestionText("first-teacher")}
	own := []string{"Jordan Avery", "12 Sample Street", "Denton", "1979-04-02", "+12145550147"}
	for answer, why := range map[string]string{
		"otter lamp": "", "Kestrel": "", "Zwölf": "",
		"":                          "at least 4",
		"abc":                       "at least 4",
		"a.b c":                     "",
		"!!!!!!":                    "at least 4",
		"street":                    "in a question",
		"FIRST PET":                 "in a question",
		"Avery":                     "know about you",
		"denton":                    "know about you",
		"Dentonx":                   "know about you",
		"1979":                      "know about you",
		"12145550147":               "know about you",
		"Buddy":                     "Many people",
		"Smith":                     "Many people",
		"baseball":                  "Many people",
		"qwerty":                    "Many people",
		strings.Repeat("long ", 60): "shorter",
	} {
		got := identity.AnswerProblem([]string{answer, "brass compass", "hollow pelican"}, asked, own...)
		if len(got) != 3 || (got[0] == "") != (why == "") || !strings.Contains(got[0], why) || got[1] != "" || got[2] != "" {
			t.Errorf("%q: %q, want %q", answer, got, why)
		}
	}
	if got := identity.AnswerProblem([]string{"otter lamp", "Otter-Lamp", "kestrel"}, asked); got[0] != "" || !strings.Contains(got[1], "above") || got[2] != "" {
		t.Errorf("%q", got)
	}
}

func TestGeneratedAnswersAreTwoWordsAndPass(t *testing.T) {
	seen := map[string]bool{}
	for range 500 {
		a := identity.GeneratedAnswer()
		if len(strings.Fields(a)) != 2 || identity.NormalAnswer(a) != a {
			t.Errorf("%q", a)
		}
		seen[a] = true
		if got := identity.AnswerProblem([]string{a}, nil); got[0] != "" {
			t.Errorf("%q: %s", a, got[0])
		}
	}
	if len(seen) < 495 {
		t.Errorf("only %d different answers of 500", len(seen))
	}
}

func TestSomebodyWithoutQuestionsIsAskedTheSameOnesEveryTime(t *testing.T) {
	key := []byte("a key from outside the database")
	all := map[string]int{}
	orders := map[string]bool{}
	for i := range 1000 {
		name := fmt.Sprintf("nobody%d@mail.example", i)
		ids := identity.FakeQuestions(key, name, 3)
		if !slices.Equal(ids, identity.FakeQuestions(key, strings.ToUpper(name)+" ", 3)) {
			t.Errorf("%s: not the same twice", name)
		}
		if len(ids) != 3 || ids[0] == ids[1] || ids[1] == ids[2] || ids[0] == ids[2] {
			t.Errorf("%s: %q", name, ids)
		}
		orders[strings.Join(ids, " ")] = true
		for _, id := range ids {
			if identity.QuestionText(id) == "" {
				t.Errorf("%q is no question", id)
			}
			all[id]++
		}
	}
	for _, q := range identity.Questions() {
		if all[q.ID] < 200 { // 300 are to be expected
			t.Errorf("%s is asked of %d in 1000", q.ID, all[q.ID])
		}
	}
	if len(orders) < 300 {
		t.Errorf("%d different sets", len(orders))
	}
	if slices.Equal(identity.FakeQuestions(key, "a", 10), identity.FakeQuestions([]byte("another"), "a", 10)) {
		t.Error("another key, the same questions")
	}
	if len(identity.FakeQuestions(key, "a", 99)) != len(identity.Questions()) || len(identity.FakeQuestions(key, "a", -1)) != 0 {
		t.Error("more questions than there are")
	}
}
