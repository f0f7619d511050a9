package web

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"time"
)

// A Place is a link of the page frame: one of the places across the top, or a
// line of the account menu. Key names the place for Page.Here and its icon.
type Place struct{ Key, Name, Href string }

// Config is what one site (the portal, the console) is made of.
type Config struct {
	Brand   *Brand
	Name    string  // of a site beside the brand's own: "Console"
	Places  []Place // across the top, and along the bottom on a phone
	Account []Place // in the account menu, above sign out
	Home    string  // where the logo leads
	SignIn  string  // where a page leads whose session has ended; Home when empty
	SignOut string  // POST
	BaseURL string  // "https://pay.kestrane.example"; empty accepts any Host
	// TrustedProxies are the networks whose X-Forwarded-For is believed. A proxy
	// on this machine has to be named like any other.
	TrustedProxies []netip.Prefix
	Log            *slog.Logger
	Now            func() time.Time // for the access log only
}

// Site holds what every page of one site shares.
type Site struct {
	Config
	Assets *Assets

	base  *url.URL
	pages *Templates // the error page
}

// NewSite checks the configuration and prepares the assets.
func NewSite(c Config) (*Site, error) {
	if c.Brand == nil || c.Log == nil || c.Now == nil || c.Home == "" {
		return nil, errors.New("new site: brand, log, clock and home are needed")
	}
	if c.SignIn == "" {
		c.SignIn = c.Home
	}
	s := &Site{Config: c}
	if c.BaseURL != "" {
		u, err := url.Parse(c.BaseURL)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || (u.Path != "" && u.Path != "/") {
			return nil, fmt.Errorf("new site: base URL %q is not like https://host", c.BaseURL)
		}
		s.base = u
	}
	var err error
	if s.Assets, err = newAssets(c.Brand); err != nil {
		return nil, fmt.Errorf("new site: %w", err)
	}
	if s.pages, err = s.Parse(errorFiles()); err != nil {
		return nil, fmt.Errorf("new site: %w", err)
	}
	return s, nil
}
