package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"marque/internal/ach"
	"marque/internal/rail"
	"marque/internal/servicing"
)

// accounts are what the settings say about bank accounts that people add: who is
// asked whether they are there, and which banks there are.
func (c *Config) accounts() (ask func(context.Context, servicing.AccountQuestion) (servicing.AccountAnswer, error), banks ach.Directory, err error) {
	if c.RoutingDirectory != "" {
		f, err := os.Open(c.RoutingDirectory)
		if err != nil {
			return nil, banks, fmt.Errorf("routing_directory: %w", err)
		}
		banks, err = ach.ReadDirectory(f)
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, banks, fmt.Errorf("routing_directory: %w", err)
		}
	}
	if c.AccountCheck.URL == "" {
		return nil, banks, nil
	}
	if err := checkRemote("account_check.url", c.AccountCheck.URL); err != nil {
		return nil, banks, err
	}
	if err := ownersOnly(c.AccountCheck.KeyFile); err != nil {
		return nil, banks, fmt.Errorf("account_check.key_file: %w", err)
	}
	key, err := os.ReadFile(c.AccountCheck.KeyFile)
	if err != nil {
		return nil, banks, fmt.Errorf("account_check.key_file: %w", err)
	}
	secret := strings.TrimSpace(string(key))
	if err := checkSecret("account_check.key_file", secret, 16); err != nil {
		return nil, banks, err
	}
	ask, err = askAt(c.AccountCheck.URL, secret)
	return ask, banks, err
}

// askAt asks the provider at an address.
func askAt(address, key string) (func(context.Context, servicing.AccountQuestion) (servicing.AccountAnswer, error), error) {
	client, err := rail.NewAccountChecker(address, key)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, q servicing.AccountQuestion) (servicing.AccountAnswer, error) {
		answer, err := client.Check(ctx, rail.Account{Routing: q.Routing, Number: q.Account, Type: q.Type, Holder: q.Holder})
		return servicing.AccountAnswer(answer), err
	}, nil
}
