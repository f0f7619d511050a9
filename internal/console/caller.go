package console

import (
	"net/http"

	"marque/internal/servicing"
	"marque/internal/web"
)

func (c *console) startCheck(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	check, err := c.svc.StartCallerCheck(r.Context(), s.Actor, id(r), form.Value("purpose"), servicing.CallerMethod(form.Value("method")))
	if err != nil {
		if err := told(form, err); err != nil {
			return err
		}
		return c.customerForm(w, r, s, form, nil)
	}
	return see(w, r, href(r)+"/checks/"+check.ID)
}

type checkPage struct {
	customerPage
	Check   servicing.CallerChecked
	Purpose string
	Where   string // the masked place a code went to
}

func (c *console) check(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	return c.checkForm(w, r, s, nil)
}

func (c *console) checkForm(w http.ResponseWriter, r *http.Request, s servicing.StaffSession, form *web.Form) error {
	about, err := c.about(r, s, form)
	if err != nil {
		return err
	}
	check, err := c.svc.ReadCallerCheck(r.Context(), s.Actor, r.PathValue("check"))
	if err != nil {
		return err
	}
	if check.Customer != id(r) {
		return servicing.ErrNotFound
	}
	p := checkPage{customerPage: about, Check: check, Purpose: purposeName(check.Purpose), Where: about.Caller.Email}
	if check.Method == servicing.CallerText {
		p.Where = about.Caller.Phone
	}
	p.Title, p.Back = "Verify the caller", href(r)
	return c.show(w, r, "check", form, p)
}

func (c *console) finishCheck(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	check, err := c.svc.ReadCallerCheck(r.Context(), s.Actor, r.PathValue("check"))
	if err != nil {
		return err
	}
	if check.Method == servicing.CallerQuestions {
		answers := map[string]string{}
		for _, q := range check.Questions {
			answers[q.ID] = form.Value("answer-" + q.ID)
		}
		err = c.svc.AnswerCallerCheck(r.Context(), s.Actor, check.ID, answers)
		for _, q := range check.Questions {
			form.Set("answer-"+q.ID, "") // no answer is shown again, right or wrong
		}
	} else {
		err = c.svc.FinishCallerCheck(r.Context(), s.Actor, check.ID, form.Value("code"))
		form.Set("code", "")
	}
	if err == nil {
		return see(w, r, href(r))
	}
	if err := told(form, err); err != nil {
		return err
	}
	return c.checkForm(w, r, s, form)
}
