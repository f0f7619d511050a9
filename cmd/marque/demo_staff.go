package main

import (
	"context"
	"fmt"

	"marque/internal/identity"
	"marque/internal/sandbox"
	"marque/internal/servicing"
)

// colleague is somebody invented who works for the lender.
type colleague struct {
	name, username, password, who string
	role                          identity.Role
}

var colleagues = []colleague{
	{"Ines Caldwell", "ines.caldwell", "gravel road behind the mill", "The administrator: invites and disables staff", identity.RoleAdministrator},
	{"Theo Marchetti", "theo.marchetti", "seven oranges on the sill", "An agent: finds customers, verifies callers, unlocks", identity.RoleAgent},
	{"Ruth Okonjo", "ruth.okonjo", "slow train across the plain", "A supervisor: agrees to what needs two people", identity.RoleSupervisor},
	{"Paul Demir", "paul.demir", "lemon tree in the stairwell", "An auditor: reads who saw and did what", identity.RoleAuditor},
}

// staffAddress is the office's on the internet.
const staffAddress = "198.51.100.250"

// hire makes the lender's staff: the first administrator by the token from the
// command line, the others by invitation.
func (d *demo) hire(ctx context.Context) error {
	var boss identity.Actor
	for i, c := range colleagues {
		token, err := "", error(nil)
		if i == 0 {
			token, err = d.service.FoundAdministrator(ctx, operator, c.name)
		} else {
			token, err = d.service.Invite(ctx, boss, "", c.name, c.role)
		}
		if err != nil {
			return fmt.Errorf("invite %s: %w", c.name, err)
		}
		in := sandbox.SignIn{Who: c.who, Staff: true, Username: c.username, Password: c.password}
		actor, session, err := d.join(ctx, token, &in)
		if err != nil {
			return fmt.Errorf("%s joins: %w", c.name, err)
		}
		d.state.SignIns = append(d.state.SignIns, in)
		if i == 0 {
			boss = actor
			defer func() { _ = d.service.SignOut(context.WithoutCancel(ctx), session) }() // else it ends by itself
		} else if err := d.service.SignOut(ctx, session); err != nil {
			return err
		}
	}
	return nil
}

// join accepts an invitation and sets up an authenticator app.
func (d *demo) join(ctx context.Context, token string, in *sandbox.SignIn) (who identity.Actor, session string, err error) {
	src := servicing.Source{IP: staffAddress, UserAgent: laptop}
	entry, err := d.service.AcceptInvite(ctx, token, in.Username, in.Password, src)
	if err != nil {
		return who, "", err
	}
	s, err := d.service.StaffSession(ctx, entry.Session)
	if err != nil {
		return who, "", err
	}
	app, err := d.service.StartApp(ctx, s.Actor)
	if err != nil {
		return who, "", err
	}
	in.Key = app.Seed
	if entry, err = d.service.FinishApp(ctx, s.Actor, app.Box, "", sandbox.AppCode(in.Key, d.clock.now().Time()), src); err != nil {
		return who, "", err
	}
	s, err = d.service.StaffSession(ctx, entry.Session)
	return s.Actor, entry.Session, err
}
