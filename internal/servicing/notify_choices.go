package servicing

import (
	"context"
	"crypto/subtle"
	"slices"
	"strings"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/store"
)

// NoticeChoice is one switch of the page about messages, by both ways.
type NoticeChoice struct {
	Group       billing.EventGroup
	Email, Text bool
	ByText      bool // something of it goes as a text message
	EmailFixed  bool // all of it is required: there is no switch
	TextFixed   bool
	Always      bool // some of it comes by e-mail whatever is chosen
}

// NoticeSettings is what a customer wants to be told, and how.
type NoticeSettings struct {
	Choices   []NoticeChoice
	Quiet     billing.Quiet
	Email     string // on file
	Phone     string
	Failing   bool // what we send to the e-mail address comes back
	Agreed    bool // to text messages at this number
	Stopped   bool // the number has sent STOP
	TextWords []string
}

// quiet are a customer's quiet hours: as chosen, or the usual where they live.
func (s *Service) quiet(tx *store.Tx, p *store.Customer) (billing.Quiet, error) {
	h, err := tx.QuietHours(p.ID)
	if err == nil {
		return billing.Quiet{Zone: h.Zone, From: h.From, To: h.To}, nil
	}
	usual := billing.DefaultQuiet(billing.ZoneOf(p.State, p.ZIP, s.lender.TimeZone))
	if q := s.rules.Quiet; q != nil {
		usual.From, usual.To = q.From, q.To
	}
	return usual, absent(err)
}

// NoticeSettings shows what the acting customer wants to be told.
func (s *Service) NoticeSettings(ctx context.Context, actor identity.Actor) (out NoticeSettings, err error) {
	who, err := customer(actor)
	if err != nil {
		return out, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		r, err := s.reached(tx, who)
		if err != nil {
			return err
		}
		out = NoticeSettings{Quiet: r.quiet, Email: r.person.Email, Phone: r.person.Phone, Failing: r.noMail, Agreed: r.agreed, Stopped: r.stopped, TextWords: s.TextsWords()}
		for _, g := range billing.EventGroups {
			c := NoticeChoice{Group: g, ByText: g.Goes(billing.ByText), EmailFixed: !g.Chosen(billing.ByEmail), Always: g.Always()}
			c.TextFixed = c.ByText && !g.Chosen(billing.ByText)
			c.Email = c.EmailFixed || r.wants(g, billing.ByEmail)
			c.Text = c.TextFixed || c.ByText && r.wants(g, billing.ByText) && r.agreed
			out.Choices = append(out.Choices, c)
		}
		return nil
	})
	return out, err
}

// NoticeChoices are the switches of a page as they are set: the groups that are on.
type NoticeChoices struct {
	Email, Text []billing.EventGroup
	Quiet       billing.Quiet
	AgreeTexts  bool
}

// check refuses what cannot be chosen, before anything is read.
func (c *NoticeChoices) check() error {
	for _, list := range [][]billing.EventGroup{c.Email, c.Text} {
		for _, g := range list {
			if !slices.Contains(billing.EventGroups, g) {
				return refuse("group", "", "Choose from the messages on this page.")
			}
		}
	}
	for _, g := range billing.EventGroups {
		if !g.Chosen(billing.ByEmail) && !slices.Contains(c.Email, g) || !g.Chosen(billing.ByText) && g.Goes(billing.ByText) && !slices.Contains(c.Text, g) {
			return refuse("required", "", "Messages about sign-in and security cannot be turned off: they are how you hear of somebody else.")
		}
		if slices.Contains(c.Text, g) && !g.Goes(billing.ByText) {
			return refuse("group", "", "Choose from the messages on this page.")
		}
	}
	if !slices.ContainsFunc(billing.Zones, func(z [2]string) bool { return z[0] == c.Quiet.Zone }) {
		return refuse("zone", "zone", "Choose your time zone.")
	}
	if !hourOfDay(c.Quiet.From) {
		return refuse("hours", "from", "Choose an hour of the day.")
	}
	if !hourOfDay(c.Quiet.To) {
		return refuse("hours", "to", "Choose an hour of the day.")
	}
	return nil
}

func hourOfDay(minutes int) bool { return minutes >= 0 && minutes < 24*60 && minutes%60 == 0 }

// SaveNoticeSettings keeps what the acting customer wants to be told. What is
// required cannot be turned off; text messages that need an agreement cannot be
// turned on without it.
func (s *Service) SaveNoticeSettings(ctx context.Context, actor identity.Actor, c NoticeChoices, src Source) error {
	who, err := customer(actor)
	if err != nil {
		return err
	}
	if err := c.check(); err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		r, err := s.reached(tx, who)
		if err != nil {
			return err
		}
		if err := s.agreeInForm(tx, actor, r, c, src); err != nil {
			return err
		}
		now := s.clock()
		for _, g := range billing.EventGroups {
			if g.Chosen(billing.ByEmail) {
				tx.SetPreference(who, store.Preference{Group: string(g), Channel: billing.ByEmail, Wanted: slices.Contains(c.Email, g)}, now)
			}
			if g.Chosen(billing.ByText) {
				tx.SetPreference(who, store.Preference{Group: string(g), Channel: billing.ByText, Wanted: slices.Contains(c.Text, g)}, now)
			}
		}
		if c.Quiet != r.quiet {
			tx.SetQuietHours(who, store.Hours{Zone: c.Quiet.Zone, From: c.Quiet.From, To: c.Quiet.To}, now)
		}
		s.auditAccess(tx, actor.String(), "notice_settings", "")
		return nil
	})
}

// agreeInForm keeps the agreement to text messages that a form gives, and refuses
// to turn on what needs one without it.
func (s *Service) agreeInForm(tx *store.Tx, actor identity.Actor, r *reached, c NoticeChoices, src Source) error {
	wanted := slices.ContainsFunc(c.Text, func(g billing.EventGroup) bool { return g.Chosen(billing.ByText) })
	switch {
	case !wanted, r.agreed:
		return nil
	case r.person.Phone == "":
		return refuse("phone", "text", "There is no phone number on file. Add one under Profile first.")
	case r.stopped:
		return refuse("text_stopped", "text", "Your phone number has told us STOP. Text START to us from it, then choose again.")
	case !c.AgreeTexts:
		return refuse("agree", "agree", "To get these as text messages, read the words below and check the box.")
	}
	id := s.keepTexts(tx, actor.String(), r.person, true, src)
	_, err := s.enqueue(tx, r.person.ID, "", id, billing.Notice{Kind: billing.NoticeTextsOn, Channel: billing.ByText, Address: r.person.Phone}, 0)
	return err
}

// StopTexts ends the acting customer's agreement to text messages. Codes and alarms
// still come by text.
func (s *Service) StopTexts(ctx context.Context, actor identity.Actor, src Source) error {
	who, err := customer(actor)
	if err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		r, err := s.reached(tx, who)
		if err == nil && r.agreed {
			s.keepTexts(tx, actor.String(), r.person, false, src)
		}
		return err
	})
}

// unsubscribeToken is the end of the address at which messages like one are ended.
// It is signed, and names no person: only the message.
func (s *Service) unsubscribeToken(id string) string {
	return id + againMark + s.db.Keys().Hash("unsubscribe", id)[:32]
}

// Unsubscribing is what a link in an e-mail would end.
type Unsubscribing struct {
	Group billing.EventGroup
	Done  bool // it is off
}

// ReadUnsubscribe looks at a link without ending anything: mail scanners do that.
func (s *Service) ReadUnsubscribe(ctx context.Context, token string) (out Unsubscribing, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) error {
		row, e, err := s.subscribed(tx, token)
		if err != nil {
			return err
		}
		r, err := s.reached(tx, row.CustomerID)
		if err == nil {
			out = Unsubscribing{e.Group, !r.wants(e.Group, billing.ByEmail)}
		}
		return err
	})
	return out, err
}

// Unsubscribe turns the e-mails of a message's group off for its customer, whoever
// holds the link. Again it changes nothing. What is required is still sent.
func (s *Service) Unsubscribe(ctx context.Context, token string) (group billing.EventGroup, err error) {
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		row, e, err := s.subscribed(tx, token)
		if err != nil {
			return err
		}
		group = e.Group
		tx.SetPreference(row.CustomerID, store.Preference{Group: string(e.Group), Channel: billing.ByEmail}, s.clock())
		s.auditAccessBy(tx, "link", identity.Customer(identity.CustomerID(row.CustomerID)).String(), "unsubscribe", string(e.Group))
		return nil
	})
	return group, err
}

// subscribed finds the message that a link stands in.
func (s *Service) subscribed(tx *store.Tx, token string) (*store.Notice, billing.Event, error) {
	id, ok := s.unsubscribeID(token)
	if !ok {
		return nil, billing.Event{}, ErrNotFound
	}
	row, err := tx.Notice(id)
	if err != nil {
		return nil, billing.Event{}, err
	}
	e, known := billing.EventOf(billing.NoticeKind(row.Kind))
	if !known || e.Required || row.CustomerID == "" {
		return nil, billing.Event{}, ErrNotFound
	}
	return row, e, nil
}

func (s *Service) unsubscribeID(token string) (string, bool) {
	id, _, signed := strings.Cut(token, againMark)
	return id, signed && subtle.ConstantTimeCompare([]byte(token), []byte(s.unsubscribeToken(id))) == 1
}
