package console

import (
	"net/http"
	"strings"
	"testing"

	"marque/internal/billing"
)

func TestEveryMessageCanBeLookedAtInBothLanguagesAndNothingIsSent(t *testing.T) {
	d := openDesk(t)
	_, agent, _ := d.staffed()
	agent.open("/notices")
	for _, e := range billing.Events {
		if !strings.Contains(agent.page, `href="/notices/`+string(e.Kind)+`"`) {
			t.Errorf("%s is not in the list", e.Kind)
		}
	}
	for _, e := range billing.Events {
		agent.open("/notices/" + string(e.Kind))
		if agent.status != http.StatusOK || !strings.Contains(agent.page, `<section lang="es">`) {
			t.Errorf("%s: %d", e.Kind, agent.status)
		}
		for way, head := range map[string]string{billing.ByEmail: ">E-mail</h3>", billing.ByText: ">Text message ", billing.ByPortal: ">Inbox</h3>", billing.ByPaper: ">Letter</h3>"} {
			if n := strings.Count(agent.page, head); e.Ways.Has(way) && n != 2 || !e.Ways.Has(way) && n != 0 {
				t.Errorf("%s by %s: shown %d times", e.Kind, way, n)
			}
		}
		if !e.Ways.Has(billing.ByEmail) {
			continue
		}
		if agent.open("/notices/" + string(e.Kind) + "/es"); agent.status != http.StatusOK || !strings.Contains(agent.page, `<html lang="es">`) {
			t.Errorf("%s as sent: %d", e.Kind, agent.status)
		}
	}
	for _, path := range []string{"/notices/none", "/notices/due_soon/fr", "/notices/sign_in_code/xx", "/notices/texts_help/en"} {
		if agent.open(path); agent.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, agent.status)
		}
	}
}

func TestStaffSeeWhatWasSentAndWriteOnce(t *testing.T) {
	d := openDesk(t)
	_, agent, _ := d.staffed()
	at := "/customers/" + string(d.who)
	agent.open(at + "/messages")
	agent.expect(at) // it is asked why first
	agent.send(at+"/view", "reason", "The customer asks about a message")
	agent.open(at + "/messages")
	if agent.status != http.StatusOK || !strings.Contains(agent.page, "What they say is the customer’s to read.") {
		t.Fatalf("%d: %s", agent.status, agent.page)
	}
	agent.send(at+"/messages", "key", "k1", "text", "")
	if agent.status != http.StatusUnprocessableEntity || !strings.Contains(agent.page, "Write a message.") {
		t.Errorf("nothing written: %d", agent.status)
	}
	for range 2 {
		agent.send(at+"/messages", "key", "k1", "text", "Thank you for your call about March.")
		agent.expect(at+"/messages", "The message stands in the customer’s inbox.")
	}
	if n := strings.Count(agent.page, "Message from staff"); n != 1 {
		t.Errorf("written %d times", n)
	}
	if strings.Contains(agent.page, "about March") {
		t.Error("what was written stands on the page")
	}
}
