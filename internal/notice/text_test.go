package notice

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"marque/internal/billing"
)

// textFaults is what is wrong with a text message; empty when nothing is.
func textFaults(s, name string) (faults []string) {
	if n := len([]rune(s)); n > 160 {
		faults = append(faults, "longer than one message")
	}
	for _, r := range s {
		// 3GPP TS 23.038, the basic character set, typed anew.
		if !strings.ContainsRune(" !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ", r) {
			faults = append(faults, "outside the alphabet: "+string(r))
		}
	}
	if !strings.HasPrefix(s, name+": ") {
		faults = append(faults, "does not begin with the lender")
	}
	if regexp.MustCompile(`(?i)http|www\.|[a-z]\.(com|example)|/not-me|[\r\n]`).MatchString(s) {
		faults = append(faults, "a link or a line of its own")
	}
	if regexp.MustCompile(`[0-9]{7}`).MatchString(s) {
		faults = append(faults, "a long number")
	}
	return faults
}

func TestTextsFitIntoOneMessage(t *testing.T) {
	long := portal
	long.Name, long.Phone = "Harborline Motor Acceptance Corporation", "(503) 555-0142"
	n := 0
	for _, kind := range kinds(t) {
		if _, has := texts[kind]; has != kind.ByText() {
			t.Errorf("%s: has a text form %t, says %t", kind, has, kind.ByText())
			continue
		}
		if !kind.ByText() {
			if _, err := Text(noticeOf(kind), portal); !errors.Is(err, ErrNotice) {
				t.Errorf("%s: %v", kind, err)
			}
			continue
		}
		n++
		var purposeList []string
		for p := range purposes {
			purposeList = append(purposeList, p)
		}
		for _, l := range []billing.Lender{portal, long} {
			for _, purpose := range purposeList {
				for factor := range factors {
					for _, language := range []string{"en", "es"} {
						for _, old := range []bool{false, true} {
							m := noticeOf(kind)
							m.Purpose, m.Factor, m.Language, m.Old, m.Code, m.Link = purpose, factor, language, old, "48151623", "/not-me/"+token16
							m.Code = m.Code[:6]
							s, err := Text(m, l)
							if err != nil {
								t.Errorf("%s %s: %v", kind, language, err)
							} else if f := textFaults(s, l.Name); len(f) > 0 {
								t.Errorf("%s %s, %d characters: %s: %q", kind, language, len([]rune(s)), f, s)
							}
							if m.Code != "" && strings.HasSuffix(string(kind), "_code") && !strings.Contains(s, m.Code) {
								t.Errorf("%s: no code in %q", kind, s)
							}
						}
					}
				}
			}
		}
	}
	if n < 25 {
		t.Errorf("%d kinds by text", n)
	}
}

func TestTheTextsAreWhatAPersonReads(t *testing.T) {
	for kind, want := range map[billing.NoticeKind][2]string{
		billing.NoticeSignInCode: {"Harborline Motor Finance: 481516 is your code to sign in. Never tell it to anyone, not even us.",
			"Harborline Motor Finance: 481516 es su codigo para entrar a su cuenta. No se lo diga a nadie, ni a nosotros."},
		billing.NoticeCallerCode: {"Harborline Motor Finance: 481516 is your code to change a payment or a bank account. Read it only to the person you called. It cannot be used to sign in.",
			"Harborline Motor Finance: 481516 es su codigo para cambiar un pago o una cuenta bancaria. Léalo solo si usted hizo la llamada. No sirve para entrar."},
		billing.NoticeNewDevice: {"Harborline Motor Finance: New sign-in: Chrome on a phone, near Dallas, TX, Dec 15, 2026, 3:04 PM CST. Not you? Please call (503) 555-0142.",
			"Harborline Motor Finance: Nuevo acceso: Chrome en un teléfono, cerca de Dallas, TX. ¿No fue usted? Por favor llame al (503) 555-0142."},
		billing.NoticePhoneChanged: {"Harborline Motor Finance: This number is now on your account for codes and alarms. Not you? Please call (503) 555-0142. Reply STOP to end texts.",
			"Harborline Motor Finance: Este numero ya esta en su cuenta para codigos y avisos. ¿No fue usted? Por favor llame al (503) 555-0142. Responda STOP para terminar."},
	} {
		n := noticeOf(kind)
		for i, language := range []string{"en", "es"} {
			n.Language = language
			if got, err := Text(n, portal); err != nil || got != want[i] {
				t.Errorf("%s: %v\n%q", kind, err, got)
			}
		}
	}
}

// The measure itself must be able to fail.
func TestAWrongTextIsSeen(t *testing.T) {
	for _, s := range []string{
		"H: " + strings.Repeat("a", 158), "H: su código", "H: see https://pay.harborline.example", "H: account 44001182204", "H: x\r\ny", "no name", "H: [x]", "H: 🔒",
	} {
		if len(textFaults(s, "H")) == 0 {
			t.Errorf("%q passes", s)
		}
	}
}

func TestATextThatCannotBeSaidIsRefused(t *testing.T) {
	n := noticeOf(billing.NoticeUsernameReminder)
	n.Username = "日本語の名前"
	if _, err := Text(n, portal); !errors.Is(err, ErrNotice) {
		t.Errorf("a username with other letters: %v", err)
	}
	n.Username = strings.Repeat("a", 150)
	if _, err := Text(n, portal); !errors.Is(err, ErrNotice) {
		t.Errorf("a username that does not fit: %v", err)
	}
	n = noticeOf(billing.NoticeSignInCode)
	n.Code = "481516\r\nX: y"
	if _, err := Text(n, portal); !errors.Is(err, ErrNotice) {
		t.Errorf("a code that is none: %v", err)
	}
}
