package identity

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
)

// NormalEmail is an address as it is kept and compared: trimmed, in small letters.
// Servers could tell capitals apart before the @ (RFC 5321, 2.4); none in use do,
// and two logins that differ by a capital would be one person's mistake.
func NormalEmail(email string) string {
	return settled(email, func(s string) string { return strings.ToLower(strings.TrimSpace(normal(s))) })
}

// settled applies a form until it changes nothing more: what one step takes out or
// makes small can let the next one join what is left. More than three rounds are
// not known, and ten are an end.
func settled(s string, form func(string) string) string {
	for range 10 {
		next := form(s)
		if next == s {
			break
		}
		s = next
	}
	return s
}

var (
	emailLocal = regexp.MustCompile("^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$")
	hostLabel  = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
)

// EmailProblem says in a person's words why an address is refused; empty when it
// is not. It takes the addresses of RFC 5321, 4.1.2 without quoted names and
// bare numbers; whether one exists only a message to it can tell.
func EmailProblem(email string) string {
	e := NormalEmail(email)
	local, host, at := strings.Cut(e, "@")
	labels := strings.Split(host, ".")
	switch {
	case e == "":
		return "Enter an email address."
	case !at:
		return "An email address has an @ in it, like name@mail.example."
	case len(e) > 254 || len(local) > 64: // RFC 5321, 4.5.3.1
		return "That email address is too long."
	case !emailLocal.MatchString(local):
		return "Check the part before the @."
	case len(labels) < 2 || slices.ContainsFunc(labels, func(l string) bool { return !hostLabel.MatchString(l) }) || !strings.ContainsFunc(labels[len(labels)-1], unicode.IsLetter):
		return "Check the part after the @. It ends like mail.example."
	}
	return ""
}

// numberForm is a number of the North American plan: an area code and an exchange
// that begin with 2 to 9, and four digits.
var numberForm = regexp.MustCompile(`^\+1([2-9][0-9]{2})([2-9][0-9]{2})([0-9]{4})$`)

// invented are the numbers 555-0100 to 555-0199 in any area code, which no
// telephone company gives out: the North American plan sets them aside for stories
// (ATIS-0300115). The demo company's people have them, and a lender tries things
// out with them; a message to one reaches nobody.
var invented = regexp.MustCompile(`^\+1[2-9][0-9]{2}55501[0-9]{2}$`)

// phoneRegions are the countries and territories we can send to: the United
// States with its territories, and Canada.
var phoneRegions = []string{"US", "CA", "PR", "VI", "GU", "AS", "MP"}

// otherCountries are the area codes of the plan's other countries, all of them,
// whatever follows: messages there cost more and are a known way to make a sender
// pay. 900 is no country, but its numbers cost the caller.
var otherCountries = strings.Fields(`242 246 264 268 284 345 441 473 649 658 664 721 758 767 784 809 829 849 868 869 876 900`)

var phoneTyped = regexp.MustCompile(`^[+0-9 ().\-]{7,24}$`)

// NormalPhone gives a number in E.164 form, +12145550147, and whether it is one
// that may be in use in the United States or Canada. An area code that the table of
// assigned ones does not have is taken, because new ones come every year: whether
// a number is somebody's, the code that is sent to it tells.
func NormalPhone(phone string) (string, bool) {
	phone = strings.TrimSpace(normal(phone))
	if !phoneTyped.MatchString(phone) {
		return "", false
	}
	n, err := phonenumbers.Parse(phone, "US")
	if err != nil {
		return "", false
	}
	e164 := phonenumbers.Format(n, phonenumbers.E164)
	parts := numberForm.FindStringSubmatch(e164)
	switch {
	case parts == nil || slices.Contains(otherCountries, parts[1]):
		return "", false
	case invented.MatchString(e164):
		return e164, true
	case phonenumbers.IsValidNumber(n) && slices.Contains(phoneRegions, phonenumbers.GetRegionCodeForNumber(n)), !assigned(parts[1]):
		return e164, true
	}
	return "", false
}

// assigned says whether the table knows an area code: then it knows its numbers.
func assigned(area string) bool {
	n, err := phonenumbers.Parse("+1"+area+"2345678", "US")
	return err == nil && phonenumbers.IsValidNumber(n)
}

// PhoneProblem says in a person's words why a number is refused; empty when it is
// not.
func PhoneProblem(phone string) string {
	if strings.TrimSpace(phone) == "" {
		return "Enter a phone number."
	}
	if _, ok := NormalPhone(phone); !ok {
		return "Enter a phone number in the United States or Canada, area code first, like 214-555-0147."
	}
	return ""
}

// MaskEmail shows enough of an address for its owner to know it and no more:
// "j•••n@mail.example". The dots do not tell the length.
func MaskEmail(email string) string {
	local, host, at := strings.Cut(NormalEmail(email), "@")
	if !at || local == "" {
		return "•••"
	}
	first, _ := utf8.DecodeRuneInString(local)
	last, _ := utf8.DecodeLastRuneInString(local)
	if utf8.RuneCountInString(local) < 4 {
		return string(first) + "•••@" + host
	}
	return string(first) + "•••" + string(last) + "@" + host
}

// MaskPhone shows the last two digits of a number: "•••• 21".
func MaskPhone(phone string) string {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, phone)
	if len(digits) < 4 {
		return "••••"
	}
	return "•••• " + digits[len(digits)-2:]
}

// CanonicalName is a username or email address as attempts are counted by it, so
// that spelling one name in many ways does not give more tries: one Unicode form,
// no case, no spaces or characters that do not show, no +tag before an @. Dots
// stay: to most mail servers they matter. It never finds an account by itself.
func CanonicalName(username string) string {
	if len(username) > 4*MaxPassword {
		username = username[:4*MaxPassword]
	}
	return settled(strings.ToValidUTF8(username, ""), canonical)
}

func canonical(name string) string {
	name = normal(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || !unicode.IsGraphic(r) || unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) {
			return -1
		}
		return r
	}, folded(normal(name))))
	if at := strings.LastIndexByte(name, '@'); at >= 0 {
		if tag := strings.IndexByte(name[:at], '+'); tag > 0 {
			name = name[:tag] + name[at:]
		}
	}
	return name
}

var (
	zipForm = regexp.MustCompile(`^[0-9]{5}(-[0-9]{4})?$`)
	states  = strings.Fields(`AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO
		MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY
		AS GU MP PR VI FM MH PW AA AE AP`)
)

// PostalProblem says in a person's words what is wrong with each part of an
// address in the United States, by the keys street, city, state and zip; empty
// when nothing is (USPS Publication 28: appendix B for states, 214 for ZIP codes). It
// does not know which streets and ZIP codes there are.
func PostalProblem(street, city, state, zip string) map[string]string {
	problems := map[string]string{}
	line := func(key, text, missing string) {
		text = strings.TrimSpace(text)
		switch {
		case text == "":
			problems[key] = missing
		case utf8.RuneCountInString(text) > 100 || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
			problems[key] = "Use up to 100 letters, digits and signs on one line."
		case !strings.ContainsFunc(text, unicode.IsLetter):
			problems[key] = missing
		}
	}
	line("street", street, "Enter the street and number.")
	line("city", city, "Enter the city.")
	if !slices.Contains(states, strings.ToUpper(strings.TrimSpace(state))) {
		problems["state"] = "Choose the state."
	}
	if zip = strings.TrimSpace(zip); !zipForm.MatchString(zip) || strings.HasPrefix(zip, "00000") {
		problems["zip"] = "Enter a ZIP code of five digits, or five, a hyphen and four."
	}
	return problems
}
