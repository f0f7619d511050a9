package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"marque/internal/money"
	"marque/internal/sandbox"
	"marque/internal/servicing"
	"marque/internal/tape"
)

// guest is somebody with a way in of their own, who goes the roads that a
// customer goes, through the sandbox's mail and telephone.
type guest struct {
	d       *demo
	part    part
	in      *sandbox.SignIn
	person  tape.Person
	devices map[string]string // what each browser keeps, by its name
}

type guests []*guest

// part is what a guest has and does.
type part struct {
	who, password string
	app           bool // an authenticator app and saved codes, instead of text messages
	visits        []visit
	leftAlone     bool // no online access
	locked        bool
}

// visit is a sign-in so many days before the history's end. One from afar comes
// within the hour after one from home.
type visit struct {
	days int
	with string
	afar bool
}

const (
	laptop = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36"
	pocket = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
	tablet = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
)

var (
	borrower = part{who: "A borrower who is current, on autopay; signs in with a text message", password: "copper kettle by the meadow",
		visits: []visit{{days: 41, with: laptop}, {days: 23, with: pocket}, {days: 9, with: laptop}, {days: 9, with: tablet, afar: true}, {days: 2, with: laptop}}}
	coBorrower = part{who: "The co-borrower of the same loan, with a sign-in of their own", password: "harbor lights after supper",
		visits: []visit{{days: 30, with: pocket}}}
	late = part{who: "A borrower whose last payment was missed; signs in with an authenticator app", password: "paper lantern in the orchard", app: true,
		visits: []visit{{days: 35, with: pocket}, {days: 4, with: pocket}}}
	lessee = part{who: "A customer with a lease", password: "winter ferry with no timetable",
		visits: []visit{{days: 18, with: laptop}, {days: 11, with: laptop}}}
	lockedOut = part{who: "A borrower whose access is locked: unlock it with a code by e-mail and one by text", password: "blue umbrella over the canal", locked: true,
		visits: []visit{{days: 28, with: laptop}}}
	newcomer = part{who: "A new borrower without online access yet", leftAlone: true}
)

// welcomeGuests sets up online access for those who will be tried out.
func (d *demo) welcomeGuests(ctx context.Context) (guests, error) {
	p := d.people
	current := p.playing(sandbox.Current)
	var all guests
	add := func(c *sandbox.Customer, person tape.Person, part part) {
		k := c.Contracts[0].Loan
		in := sandbox.SignIn{Who: part.who, Username: person.Email, Password: part.password, Phone: person.Phone,
			AccountNumber: k.AccountNumber, SSN4: person.SSN, ZIP: person.ZIP}
		all = append(all, &guest{d: d, part: part, in: &in, person: person, devices: map[string]string{}})
	}
	add(current, current.Person, borrower)
	add(current, *current.CoBorrower, coBorrower)
	add(p.playing(sandbox.PastDue), p.playing(sandbox.PastDue).Person, late)
	add(p.playing(sandbox.Lessee), p.playing(sandbox.Lessee).Person, lessee)
	if c, err := d.anyone(ctx); err != nil {
		return nil, err
	} else if c != nil {
		add(c, c.Person, lockedOut)
	}
	add(p.playing(sandbox.NotActivated), p.playing(sandbox.NotActivated).Person, newcomer)
	for _, g := range all {
		if err := g.activate(ctx); err != nil {
			return nil, fmt.Errorf("activate %s: %w", g.in.Username, err)
		}
		d.state.SignIns = append(d.state.SignIns, *g.in)
	}
	return all, nil
}

// anyone is a customer without a part whose account is on the books and open;
// nil when a small portfolio has none.
func (d *demo) anyone(ctx context.Context) (*sandbox.Customer, error) {
	for i := range d.people.all {
		c := &d.people.all[i]
		who := d.people.byNumber[c.Contracts[0].Loan.AccountNumber]
		if c.Role != sandbox.Everyone || who.id == "" {
			continue
		}
		card, err := d.service.Card(ctx, who.actor, who.id)
		if err != nil {
			return nil, err
		}
		if !card.Closed {
			return c, nil
		}
	}
	return nil, nil
}

// source is a guest's browser at home, or somewhere far away.
func (g *guest) source(with string, afar bool) servicing.Source {
	ip := sandbox.AddressOf(g.person)
	if afar {
		ip = sandbox.FarAddress
	}
	return servicing.Source{IP: ip, UserAgent: with, Device: g.devices[with]}
}

var someDigits = regexp.MustCompile(`\b[0-9]{6}(?:[0-9]{2})?\b`)

// code is the newest in the guest's mail or on the guest's telephone.
func (g *guest) code(ctx context.Context, by servicing.Channel) (string, error) {
	if _, err := g.d.runner(g.d.post).Deliver(ctx); err != nil {
		return "", err
	}
	words := ""
	if by == servicing.ByText {
		if all := g.d.texts.Messages(g.person.Phone); len(all) > 0 {
			words = all[0].Body
		}
	} else if all := g.d.inbox.Messages(g.person.Email); len(all) > 0 {
		m, _, err := g.d.inbox.Read(all[0].ID)
		if err != nil {
			return "", err
		}
		words = m.Text
	}
	code := someDigits.FindString(words)
	if code == "" {
		return "", errors.New("no code has arrived")
	}
	return code, nil
}

// activate goes the road to online access: by text message, or by e-mail and on
// to an authenticator app.
func (g *guest) activate(ctx context.Context) error {
	if g.part.leftAlone {
		return nil
	}
	s, src, by := g.d.service, g.source(laptop, false), servicing.ByText
	if g.part.app {
		by = servicing.ByEmail
	}
	flow, err := s.StartActivation(ctx, servicing.ActivationRequest{AccountNumber: g.in.AccountNumber, SSN4: g.in.SSN4, ZIP: g.in.ZIP, By: by}, src)
	if err != nil {
		return err
	}
	code, err := g.code(ctx, by)
	if err != nil {
		return err
	}
	if err := s.ProveActivation(ctx, flow, code, src); err != nil {
		return err
	}
	entry, err := s.FinishActivation(ctx, flow, g.in.Username, g.in.Password, src)
	if err != nil {
		return err
	}
	g.devices[laptop] = entry.Device
	if g.part.app {
		if entry, err = g.setUpApp(ctx, entry, src); err != nil {
			return err
		}
	}
	return s.SignOut(ctx, entry.Session)
}

func (g *guest) setUpApp(ctx context.Context, entry servicing.Entry, src servicing.Source) (servicing.Entry, error) {
	s := g.d.service
	in, err := s.Session(ctx, entry.Session)
	if err != nil {
		return entry, err
	}
	app, err := s.StartApp(ctx, in.Actor)
	if err != nil {
		return entry, err
	}
	g.in.Key = app.Seed
	if entry, err = s.FinishApp(ctx, in.Actor, app.Box, "", g.appCode(), src); err != nil {
		return entry, err
	}
	if in, err = s.Session(ctx, entry.Session); err != nil {
		return entry, err
	}
	g.in.Saved, err = s.MakeSavedCodes(ctx, in.Actor, servicing.NewKey(), src)
	return entry, err
}

func (g *guest) appCode() string { return sandbox.AppCode(g.in.Key, g.d.clock.now().Time()) }

// visit lets the guests sign in who do so on this many days before the end.
func (all guests) visit(ctx context.Context, days int) error {
	for _, g := range all {
		for _, v := range g.part.visits {
			if v.days != days {
				continue
			}
			if v.afar {
				g.d.clock.pass(40 * time.Minute)
			}
			if err := g.signIn(ctx, v); err != nil {
				return fmt.Errorf("sign in as %s: %w", g.in.Username, err)
			}
		}
		if g.part.locked && days == 6 {
			if err := g.locked(ctx); err != nil {
				return fmt.Errorf("lock %s: %w", g.in.Username, err)
			}
		}
	}
	return nil
}

// signIn signs in, looks around, and out again.
func (g *guest) signIn(ctx context.Context, v visit) error {
	s, src := g.d.service, g.source(v.with, v.afar)
	entry, err := s.SignIn(ctx, g.in.Username, g.in.Password, src)
	if err != nil {
		return err
	}
	kind, code := servicing.App, ""
	if g.part.app {
		code = g.appCode()
	} else {
		kind = servicing.Text
		if err := s.SendSignInText(ctx, entry.Flow, src); err != nil {
			return err
		}
		if code, err = g.code(ctx, servicing.ByText); err != nil {
			return err
		}
	}
	entry, err = s.ProveSignIn(ctx, entry.Flow, kind, code, false, src)
	if isRefusal(err, "factor_wrong") && g.d.clock.now() >= now()-money.Instant(time.Minute.Microseconds()) {
		return nil // history that runs ahead of the calendar has no more codes to show
	}
	if err != nil {
		return err
	}
	if entry.Device != "" {
		g.devices[v.with] = entry.Device
	}
	g.d.clock.pass(4 * time.Minute)
	return s.SignOut(ctx, entry.Session)
}

var notMeLink = regexp.MustCompile(`/not-me/([0-9A-Za-z]+)`)

// locked is how an access comes to be locked: somebody far away knows the
// password and guesses codes, and the guest presses the button in the warning.
func (g *guest) locked(ctx context.Context) error {
	s, src := g.d.service, g.source(tablet, true)
	entry, err := s.SignIn(ctx, g.in.Username, g.in.Password, src)
	if err != nil {
		return err
	}
	for _, guess := range []string{"111111", "222222", "333333"} {
		if _, err := s.ProveSignIn(ctx, entry.Flow, servicing.Text, guess, false, src); !isRefusal(err, "code_wrong") {
			return fmt.Errorf("a guess was answered: %v", err)
		}
	}
	if _, err := g.d.runner(g.d.post).Deliver(ctx); err != nil {
		return err
	}
	for _, m := range g.d.inbox.Messages(g.person.Email) {
		c, _, err := g.d.inbox.Read(m.ID)
		if err != nil {
			return err
		}
		if link := notMeLink.FindStringSubmatch(c.Text); link != nil {
			return s.PressNotMe(ctx, servicing.FlowID(link[1]), g.source(laptop, false))
		}
	}
	return errors.New("no warning has arrived")
}
