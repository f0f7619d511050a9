package notice

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"marque/internal/billing"
)

// kinds are all that billing names, read from its source, so that a new one
// without words fails here.
func kinds(t *testing.T) (all []billing.NoticeKind) {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), "../billing/notices.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || len(v.Values) != 1 || !strings.HasPrefix(v.Names[0].Name, "Notice") {
			return true
		}
		s, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, billing.NoticeKind(s))
		return true
	})
	if len(all) < 40 {
		t.Fatalf("only %d kinds found", len(all))
	}
	return all
}

const token16 = "kJ3-_x9Qm2Lr7TzW0aBc"

// portal is a lender with an address for the page to say "this was not me".
var portal = func() billing.Lender {
	l := harbor
	l.Portal, l.TimeZone, l.ShortName = "https://pay.harborline.example", "America/Chicago", "HARBORLINE"
	return l
}()

// alarms are the kinds after which a person may say that it was somebody else.
var alarms = []billing.NoticeKind{
	billing.NoticeActivated, billing.NoticeNewDevice, billing.NoticeSignInLocked, billing.NoticeSignInUnlocked, billing.NoticeFactorFailed, billing.NoticeFactorAdded, billing.NoticeFactorRemoved,
	billing.NoticeSavedCodesMade, billing.NoticeSavedCodeUsed, billing.NoticePasswordChanged, billing.NoticePasswordBreached, billing.NoticeEmailChanged, billing.NoticePhoneChanged,
	billing.NoticeAddressChanged, billing.NoticeRecoveryStarted, billing.NoticeRecoveryDone, billing.NoticeChangesHeld, billing.NoticeSessionsEnded, billing.NoticeQuestionsChanged,
	billing.NoticeDeviceForgotten, billing.NoticePaperlessOn, billing.NoticePaperlessOff, billing.NoticeBankAccountAdded,
	billing.NoticeAccountCorrected, billing.NoticeMethodReplaced, billing.NoticeMethodRemoved,
}

func TestEveryKindHasWordsInBothLanguages(t *testing.T) {
	all := slices.DeleteFunc(kinds(t), func(k billing.NoticeKind) bool {
		e, known := billing.EventOf(k)
		if !known {
			t.Errorf("%s is no event", k)
		}
		if _, has := allLetters[k]; has != e.Ways.Has(billing.ByEmail) {
			t.Errorf("%s: has a letter %t, goes by e-mail %t", k, has, !has)
		}
		return !e.Ways.Has(billing.ByEmail)
	})
	if len(allLetters) != len(all) {
		t.Errorf("%d letters for %d kinds", len(allLetters), len(all))
	}
	for _, kind := range all {
		n := noticeOf(kind)
		en, err := Mail(n, portal)
		if err != nil {
			t.Error(err)
			continue
		}
		n.Language = billing.Spanish
		es, err := Mail(n, portal)
		if err != nil {
			t.Error(err)
			continue
		}
		if en.Subject == es.Subject || en.Text == es.Text {
			t.Errorf("%s is not translated: %q", kind, es.Subject)
		}
		if !strings.Contains(es.HTML, `<html lang="es">`) || !strings.Contains(en.HTML, `<html lang="en">`) || !strings.Contains(es.Text, fraudInEs) {
			t.Errorf("%s: the Spanish letter is not marked as one, or lacks its warning", kind)
		}
		// What is the lender's own or was agreed to word for word stays as it is.
		rest := es.Subject + "\n" + es.Text
		for _, own := range append([]string{n.Text, oneLine(n.Text), n.Reason, n.Label, portal.Name, portal.Portal, "Juniper"}, portal.Legal...) {
			rest = strings.ReplaceAll(rest, own, "")
		}
		if english := regexp.MustCompile(`(?i)\b(you|your|the|was|with|account|code|from|payment|sign|until|call|ending|on a|dec)\b`).FindString(rest); english != "" {
			t.Errorf("%s: %q in the Spanish letter:\n%s", kind, english, rest)
		}
		for _, m := range []Message{en, es} {
			if strings.Contains(m.Subject, n.Code) || len([]rune(m.Subject)) > 60 || m.Subject == "" {
				t.Errorf("%s: subject %q", kind, m.Subject)
			}
			if regexp.MustCompile(`(?i)<a |href|src=|url\(|<img|<script|please note|[0-9]{7}`).MatchString(m.Text + m.HTML) {
				t.Errorf("%s has a link, a picture or worse:\n%s", kind, m.Text)
			}
		}
	}
}

func TestAnAlarmEndsWithAWayToSayThatItWasSomebodyElse(t *testing.T) {
	for _, kind := range alarms {
		n := noticeOf(kind)
		n.Link = "/not-me/" + token16
		for _, language := range []string{billing.English, billing.Spanish} {
			n.Language = language
			m, err := Mail(n, portal)
			if err != nil {
				t.Error(err)
				continue
			}
			if !strings.Contains(m.Text, "\nhttps://pay.harborline.example/not-me/"+token16+"\n") || strings.Count(m.Text, "http") != 1 {
				t.Errorf("%s: no way to say so, or another address:\n%s", kind, m.Text)
			}
			if !strings.Contains(m.HTML, ">https://pay.harborline.example/not-me/"+token16+"<") || strings.Contains(m.HTML, "href") {
				t.Errorf("%s: the address is not plain text:\n%s", kind, m.HTML)
			}
			if !strings.Contains(m.Text, "Opening the page changes nothing.") && !strings.Contains(m.Text, "Abrir la página no cambia nada.") {
				t.Errorf("%s does not say that opening changes nothing", kind)
			}
		}
		n.Link, n.Language = "", ""
		if m, err := Mail(n, portal); err != nil || !strings.Contains(m.Text, notYou) || strings.Contains(m.Text, "http") {
			t.Errorf("%s without a link: %v\n%s", kind, err, m.Text)
		}
	}
}

func TestTheOnlyAddressIsTheLendersOwn(t *testing.T) {
	for _, link := range []string{"//evil.example/not-me/" + token16, "https://evil.example/not-me/" + token16, "/sign-in/" + token16, "/not-me/" + token16 + "?next=//evil.example",
		"/not-me/../sign-in-by-link/" + token16, "/not-me/short", "/not-me/" + token16 + "\r\nBcc: x@evil.example", "@evil.example/not-me/" + token16} {
		n := noticeOf(billing.NoticeNewDevice)
		n.Link = link
		if m, err := Mail(n, portal); !errors.Is(err, ErrNotice) {
			t.Errorf("%q is taken:\n%s", link, m.Text)
		}
	}
	for _, base := range []string{"https://pay.harborline.example@evil.example", "javascript:alert(1)", "https://pay.harborline.example/x?y="} {
		n, l := noticeOf(billing.NoticeNewDevice), portal
		n.Link, l.Portal = "/not-me/"+token16, base
		if m, err := Mail(n, l); !errors.Is(err, ErrNotice) {
			t.Errorf("%q is taken:\n%s", base, m.Text)
		}
	}
}

func TestTheOldPlaceIsToldOfTheNewOneAndNeverItsWholeAddress(t *testing.T) {
	n := noticeOf(billing.NoticeEmailChanged)
	n.Old, n.Masked = true, "m•••@mail.example"
	m, err := Mail(n, portal)
	if err != nil || !strings.Contains(m.Text, "From now on we write to the new one.") || !strings.Contains(m.Text, "New: m•••@mail.example\n") {
		t.Errorf("%v\n%s", err, m.Text)
	}
	for _, whole := range []string{"maria@mail.example", "+12025550143"} {
		n.Masked = whole
		if _, err := Mail(n, portal); !errors.Is(err, ErrNotice) {
			t.Errorf("%q is taken", whole)
		}
	}
}

// A passkey's name, a browser's and a place come from whoever is at the other
// end: nothing in them becomes an address, a number to call or a line of its own.
func TestAStrangersWordsDoNotSpeakInAnAlarm(t *testing.T) {
	for _, hostile := range []string{"go to evil.example", "https://evil.example", "call 8005550199 now", "x\r\nReply to evil", "<b>hello</b>", "\u202egpj.exe", strings.Repeat("a", 200)} {
		n := noticeOf(billing.NoticeFactorAdded)
		n.Label, n.Device, n.Where = hostile, hostile, hostile
		m, err := Mail(n, portal)
		if err != nil {
			t.Fatal(err)
		}
		text, err := Text(n, portal)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []string{m.Text, m.HTML, text} {
			if regexp.MustCompile(`evil\.example|5550199|\nReply|<b>|\x{202e}|a{50}`).MatchString(s) {
				t.Errorf("%q got through:\n%s", hostile, s)
			}
		}
	}
}

func TestTimesAndDatesAreToldInTheLanguage(t *testing.T) {
	n := noticeOf(billing.NoticeNewDevice)
	n.Language = billing.Spanish
	m, err := Mail(n, portal)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Cuándo: 15 de diciembre de 2026, 3:04 p. m. CST\n", "Dispositivo: Chrome en un teléfono\n", "Lugar: cerca de Dallas, TX\n"} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("no %q in\n%s", want, m.Text)
		}
	}
}
