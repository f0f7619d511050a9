package identity_test

import (
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"marque/internal/identity"
)

// Valid and invalid numbers: validatorjs/validator.js, test/validators.test.js,
// en-US.
func TestPhoneNumbersAreSpelledOneWay(t *testing.T) {
	for typed, want := range map[string]string{
		"19876543210": "+19876543210", "8005552222": "+18005552222", "+15673628910": "+15673628910",
		"+1(567)3628910": "+15673628910", "+1(567)362-8910": "+15673628910", "+1(567) 362-8910": "+15673628910",
		"1(567)362-8910": "+15673628910", "1(567)362 8910": "+15673628910", "223-456-7890": "+12234567890",
		" 567.362.8910 ": "+15673628910", "５６７ ３６２ ８９１０": "+15673628910",
		"416-967-1111": "+14169671111", // Toronto
		"787-721-2400": "+17877212400", // San Juan, Puerto Rico
		// Invented: the demo company's people.
		"214-555-0147": "+12145550147", "(303) 555-0100": "+13035550100", "+1 404 555 0199": "+14045550199",
		// None.
		"564785": "", "0123456789": "", "1437439210": "", "+10345672645": "", "11435213543": "", "1(067)362-8910": "",
		"1(167)362-8910": "", "+2(267)362-8910": "", "+3365520145": "",
		"": "", "214-155-0147": "", "876-155-0147": "", "876-555-0147": "", "214-555-01": "", "214-555-01477": "", "114-555-0147": "", "+44 20 7946 0958": "",
		"900-234-5678": "", "876-922-1234": "", "567-362-8910 x5": "", "1-800-FLOWERS": "", "tel:5673628910": "", "911": "",
		"+1\n5673628910": "", strings.Repeat("5", 500): "",
	} {
		got, ok := identity.NormalPhone(typed)
		if got != want || ok != (want != "") || (identity.PhoneProblem(typed) == "") != ok {
			t.Errorf("%q: %q, %t, %q; want %q", typed, got, ok, identity.PhoneProblem(typed), want)
		}
		if again, _ := identity.NormalPhone(got); ok && again != got {
			t.Errorf("%q: %q, then %q", typed, got, again)
		}
	}
}

func TestEmailAddresses(t *testing.T) {
	for email, why := range map[string]string{
		"jordan@mail.example": "", " Jordan.Avery+car@Mail.Example ": "", "o'brien_1@a-b.example": "", "a@b.co": "",
		"": "Enter", "jordan": "has an @", "@mail.example": "before", "jordan@": "after", "jordan@mail": "after",
		"jo rdan@mail.example": "before", "jordan@@mail.example": "after", ".jordan@mail.example": "before", "jo..rdan@mail.example": "before",
		"jordan@mail..example": "after", "jordan@-mail.example": "after", "jordan@192.168.1.1": "after", "jordan@[192.168.1.1]": "after",
		"jordan@mail.example\r\nBcc: all@mail.example": "after", "a\nb@mail.example": "before", `"j"@mail.example`: "before",
		"Jordan <jordan@mail.example>": "before", "jordan@mail.example,avery@mail.example": "after", "jörg@mail.example": "before",
		strings.Repeat("a", 65) + "@mail.example": "too long", "a@" + strings.Repeat("b.", 130) + "example": "too long",
	} {
		got := identity.EmailProblem(email)
		if (got == "") != (why == "") || !strings.Contains(got, why) {
			t.Errorf("%q: %q, want %q", email, got, why)
		}
	}
	if got := identity.NormalEmail("  Jordan@Mail.EXAMPLE "); got != "jordan@mail.example" {
		t.Errorf("%q", got)
	}
}

func TestMasksShowLittle(t *testing.T) {
	for email, want := range map[string]string{
		"jordan@mail.example": "j•••n@mail.example", "Jordan.Avery@mail.example": "j•••y@mail.example", "jo@mail.example": "j•••@mail.example",
		"joe@mail.example": "j•••@mail.example", "jojo@mail.example": "j•••o@mail.example", "": "•••", "jordan": "•••",
	} {
		if got := identity.MaskEmail(email); got != want {
			t.Errorf("%q: %q, want %q", email, got, want)
		}
	}
	for phone, want := range map[string]string{"+12145550121": "•••• 21", "(214) 555-0147": "•••• 47", "12": "••••", "": "••••"} {
		if got := identity.MaskPhone(phone); got != want {
			t.Errorf("%q: %q, want %q", phone, got, want)
		}
	}
}

// One account is one bucket (Authelia CVE-2025-24806, CVE-2026-47203).
func TestOneNameIsCountedOnceHoweverItIsSpelled(t *testing.T) {
	for want, spellings := range map[string][]string{
		"jordan@mail.example": {
			"jordan@mail.example", "JORDAN@Mail.Example", " jordan@mail.example\t", "jor dan@mail.example", "jordan+1@mail.example",
			"jordan+a+b@mail.example", "ｊｏｒｄａｎ@mail.example", "jor\u200bdan@mail.example", "jor\u00addan@mail.example", "\ufeffjordan@mail.example",
			"jordan\x00@mail.example", "jordan\xff@mail.example", "jordan\u3000@mail.example", "jordan\u2060@mail.example", "jordan\ufe0f@mail.example", "𝐣ordan@mail.example",
		},
		"jordan.avery@mail.example": {"Jordan.Avery@mail.example"},
		"jörg":                      {"jörg", "JO\u0308RG", "Jörg "},
		"strasse":                   {"Straße", "STRASSE"},
		"+12145550147":              {"+12145550147", "+1 214 555 0147"},
		"":                          {"", " ", "\u200b"},
	} {
		for _, s := range spellings {
			if got := identity.CanonicalName(s); got != want {
				t.Errorf("%q: %q, want %q", s, got, want)
			}
		}
	}
	if got := identity.CanonicalName(strings.Repeat("a", 1<<20)); len(got) > 4096 {
		t.Errorf("%d bytes are kept", len(got))
	}
}

// What is normal stays as it is, whatever was typed.
func TestNormalFormsAreFinal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typed := rapid.OneOf(rapid.String(), rapid.StringMatching(`[ +a-zA-Z0-9.@()-]{0,30}`)).Draw(t, "typed")
		for name, form := range map[string]func(string) string{
			"name": identity.CanonicalName, "email": identity.NormalEmail, "answer": identity.NormalAnswer, "code": identity.NormalSavedCode,
			"phone": func(s string) string { e164, _ := identity.NormalPhone(s); return e164 },
		} {
			if once := form(typed); form(once) != once {
				t.Errorf("%s %q: %q, then %q", name, typed, once, form(once))
			}
		}
		if local, _, at := strings.Cut(identity.NormalEmail(typed), "@"); at && utf8.RuneCountInString(local) > 3 && strings.HasPrefix(identity.MaskEmail(typed), local) {
			t.Errorf("the mask %q shows %q", identity.MaskEmail(typed), typed)
		}
		identity.DeviceName(typed)
		identity.Network(typed)
		identity.SourceBucket(typed)
		if _, err := identity.ReadPlaces(strings.NewReader(typed)); err != nil && !strings.Contains(err.Error(), "line") {
			t.Errorf("%q: a fault without its line: %v", typed, err)
		}
	})
}

func TestPostalAddresses(t *testing.T) {
	for _, c := range []struct{ street, city, state, zip, wrong string }{
		{"12 Sample Street", "Denton", "TX", "76201", ""},
		{"PO Box 12", "Honolulu", "hi", " 96813 ", ""},
		{"Unit 2050 Box 4190", "APO", "AP", "96278", ""},
		{"12 Sample Street", "Denton", "TX", "12345-6789", ""},
		{"12 Sample Street", "Denton", "TX", "00501", ""},
		{"12 Sample Street", "Denton", "TX", "99950", ""},
		{"12 Sample Street", "Denton", "TX", "1234", "zip"},
		{"12 Sample Street", "Denton", "TX", "123456", "zip"},
		{"12 Sample Street", "Denton", "TX", "12345-678", "zip"},
		{"12 Sample Street", "Denton", "TX", "ABCDE", "zip"},
		{"12 Sample Street", "Denton", "TX", "12345 6789", "zip"},
		{"12 Sample Street", "Denton", "TX", "00000", "zip"},
		{"", "", "", "", "city state street zip"},
		{"12345", "99", "XX", "76201", "city state street"},
		{"12 Sample\nStreet", "Denton", "TX", "76201", "street"},
		{strings.Repeat("long ", 30), "Denton", "TX", "76201", "street"},
	} {
		got := identity.PostalProblem(c.street, c.city, c.state, c.zip)
		if keys := strings.Join(slices.Sorted(maps.Keys(got)), " "); keys != c.wrong {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

func TestADeviceHasANameToKnowItBy(t *testing.T) {
	for agent, want := range map[string]string{
		"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36":                                "Chrome on a phone",
		"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36":                                       "Chrome on a tablet",
		"Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36":     "Samsung Internet on a phone",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1":        "Safari on an iPhone",
		"Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1":                 "Safari on an iPad",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142.0.7444.77 Mobile/15E148 Safari/604.1": "Chrome on an iPhone",
		"Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0":                                                                         "Firefox on a computer",
		"Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0":                                                                           "Firefox on a phone",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0":                  "Edge on a computer",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15":                          "Safari on a Mac",
		"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36":                                 "Chrome on a Chromebook",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 OPR/124.0.0.0":                  "Opera on a computer",
		"": "Unknown browser", "curl/8.14.1": "Unknown browser", "Mozilla/5.0 (Windows NT 10.0)": "Unknown browser on a computer",
		"<script>alert(1)</script>": "Unknown browser",
	} {
		if got := identity.DeviceName(agent); got != want {
			t.Errorf("%q: %q, want %q", agent, got, want)
		}
	}
}

const placesFile = `prefix,latitude,longitude,name
# documentation networks (RFC 5737, RFC 3849), given to towns
192.0.2.0/24,32.78,-96.80,"Dallas, Texas"
192.0.2.128/25,32.76,-97.33,"Fort Worth, Texas"
198.51.100.0/24,41.88,-87.63,"Chicago, Illinois"
203.0.113.7/32,51.51,-0.13,London
2001:db8::/32,39.74,-104.99,"Denver, Colorado"
2001:db8:1::/48,40.01,-105.27,"Boulder, Colorado"
`

func TestTheLongestPrefixSaysWhere(t *testing.T) {
	p, err := identity.ReadPlaces(strings.NewReader(placesFile))
	if err != nil {
		t.Fatal(err)
	}
	for ip, want := range map[string]string{
		"192.0.2.1": "Dallas, Texas", "192.0.2.200": "Fort Worth, Texas", "198.51.100.255": "Chicago, Illinois",
		"203.0.113.7": "London", "203.0.113.8": "", "::ffff:192.0.2.1": "Dallas, Texas",
		"2001:db8::1": "Denver, Colorado", "2001:db8:1:2::3": "Boulder, Colorado", "2001:db9::1": "", "10.0.0.1": "", "fe80::1%eth0": "",
	} {
		place, ok := p.Find(netip.MustParseAddr(ip))
		if place.Name != want || ok != (want != "") {
			t.Errorf("%s: %q, %t; want %q", ip, place.Name, ok, want)
		}
	}
	if _, ok := p.Find(netip.Addr{}); ok {
		t.Error("no address has a place")
	}
	if _, ok := (*identity.Places)(nil).Find(netip.MustParseAddr("192.0.2.1")); ok {
		t.Error("nobody knows, and still there is a place")
	}
	dallas, _ := p.Find(netip.MustParseAddr("192.0.2.1"))
	london, _ := p.Find(netip.MustParseAddr("203.0.113.7"))
	if km := identity.Kilometres(dallas, london); km < 7550 || km > 7750 { // 7,640 by the great circle
		t.Errorf("%f km", km)
	}
	if km := identity.Kilometres(dallas, dallas); km != 0 {
		t.Errorf("%f km", km)
	}
}

func TestFaultsInPlacesNameTheirLines(t *testing.T) {
	_, err := identity.ReadPlaces(strings.NewReader(placesFile + `192.0.2.1/24,1,1,Not a network
nonsense,1,1,Nowhere
192.0.3.0/24,91,1,Too far north
192.0.4.0/24,1,NaN,Nowhere
192.0.5.0/24,1,1,
192.0.2.0/24,1,1,Twice
192.0.6.0/24,1,1
`))
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"line 9: prefix", "line 10: prefix", "line 11: latitude", "line 12: longitude", "line 13: prefix 192.0.5.0/24: no name", "line 14: prefix 192.0.2.0/24: given before", "line 15"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in:\n%v", want, err)
		}
	}
	if _, err := identity.ReadPlaces(strings.NewReader(strings.Repeat("x,1,1,y\n", 100_000))); err == nil || strings.Count(err.Error(), "\n") > 25 {
		t.Error("every fault of a broken file is told")
	}
	if p, err := identity.ReadPlaces(strings.NewReader("")); err != nil || p == nil {
		t.Errorf("an empty file: %v", err)
	}
}

func TestNetworksAndSources(t *testing.T) {
	for ip, want := range map[string][2]string{
		"192.0.2.77":            {"192.0.2.0/24", "192.0.2.77/32"},
		"::ffff:192.0.2.77":     {"192.0.2.0/24", "192.0.2.77/32"},
		"2001:db8:1:2:3:4:5:6":  {"2001:db8:1::/48", "2001:db8:1:2::/64"},
		"2001:DB8:1:2::":        {"2001:db8:1::/48", "2001:db8:1:2::/64"},
		"":                      {"", ""},
		"unknown":               {"", ""},
		"192.0.2.77:443":        {"", ""},
		"192.0.2.77, 192.0.2.1": {"", ""},
	} {
		if got := [2]string{identity.Network(ip), identity.SourceBucket(ip)}; got != want {
			t.Errorf("%q: %q, want %q", ip, got, want)
		}
	}
}
