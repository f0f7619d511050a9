package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"marque/internal/ach"
	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
	"marque/internal/notice"
	"marque/internal/servicing"
	"marque/internal/tape"
	"marque/internal/web"
)

// Config is the lender's settings: marque.json in the data folder, or the file
// named by --config. What it leaves out has the value of defaultConfig.
type Config struct {
	Listen  string `json:"listen"`
	BaseURL string `json:"base_url"` // "https://pay.lender.example"; empty is the address listened on, for trying out
	Brand   string `json:"brand"`    // folder of the brand; empty is the built-in one
	Website string `json:"website"`
	Quicken string `json:"quicken_id"` // what Quicken knows the lender by, digits; without it no history is offered as QFX

	TLS            tlsSettings      `json:"tls"`
	TrustedProxies []string         `json:"trusted_proxies"` // networks whose X-Forwarded-For is believed: "127.0.0.1/32"
	Console        consoleSettings  `json:"console"`
	Text           textSettings     `json:"text"`
	Security       securitySettings `json:"security"`

	ACH struct {
		ODFI     string `json:"odfi"`      // routing number of the lender's bank
		OriginID string `json:"origin_id"` // company identification, ten characters
		Company  string `json:"company"`   // company name on the borrower's bank statement, at most sixteen characters

		RetryReturned  int  `json:"retry_returned"`   // how often a debit that lacked money is presented again: 0, 1 or 2
		RetryAfterDays int  `json:"retry_after_days"` // days from the return until it is
		SameDay        bool `json:"same_day"`         // payments can settle the day they are sent
	} `json:"ach"`

	Payments paymentSettings `json:"payments"`
	Bank     bankSettings    `json:"bank"` // how files reach the bank; left out is the data folder's ach
	Cards    cardSettings    `json:"cards"`

	// AccountCheck is the provider asked about bank accounts that are added.
	AccountCheck struct {
		URL     string `json:"url"`
		KeyFile string `json:"key_file"` // readable by its owner only
	} `json:"account_check"`
	AccountValidation string `json:"account_validation"` // where no provider vouches: micro_entries or prenote
	RoutingDirectory  string `json:"routing_directory"`  // the Reserve Banks' FedACHdir.txt, or a CSV with routing and name

	Archive string `json:"archive"` // where documents are kept for ever: a folder, or s3://bucket?region=…; left out is the data folder's archive

	StatementDays int `json:"statement_days"` // a statement closes so many days before its due date
	SettleDays    int `json:"settle_days"`    // banking days until a debit counts as settled

	// Boarding is what import absee gives contracts that the file is silent about.
	Boarding struct {
		DayCount       money.DayCount   `json:"day_count"`
		Rounding       money.Rounding   `json:"rounding"`
		FactorDecimals int              `json:"factor_decimals"`
		GraceDays      int              `json:"grace_days"`
		LateFee        contract.LateFee `json:"late_fee"`
		ReturnedFee    money.Cents      `json:"returned_fee"`
		DueDay         int              `json:"due_day"`
		CarryFraction  bool             `json:"carry_fraction"`  // the fraction of a cent goes on to the next payment
		Extra          contract.Extra   `json:"extra"`           // what extra money does: prepay, principal or fees
		CloseTolerance money.Cents      `json:"close_tolerance"` // written off when no more than that is left
		FeeState       string           `json:"fee_state"`       // whose law limits the fees
		FeeStates      []string         `json:"fee_states"`      // whose law you have confirmed where it was not read here
	} `json:"boarding"`

	Mail      mailSettings      `json:"mail"`
	MailHouse mailHouseSettings `json:"mail_house"`

	SMTP struct {
		Host     string `json:"host"`
		Port     int    `json:"port"`
		Username string `json:"username"`
		Password string `json:"password"` // or MARQUE_SMTP_PASSWORD
		TLS      string `json:"tls"`      // plain, starttls or tls
	} `json:"smtp"`
}

func defaultConfig() Config {
	var c Config
	c.Listen = "127.0.0.1:8080"
	c.Website = "https://kestrane.example"
	c.Security.SecondFactor, c.Security.Questions = factorRequired, questionsOff
	c.ACH.ODFI, c.ACH.OriginID, c.ACH.Company = "004000006", "9000000001", "KESTRANE MOTOR"
	c.ACH.RetryAfterDays = 3
	c.Payments = paymentSettings{CutOff: "17:00", BankingDays: true}
	c.AccountValidation = string(billing.ByMicroEntries)
	c.StatementDays, c.SettleDays = servicing.DefaultRules.StatementDays, servicing.DefaultRules.SettleDays
	b := tape.DefaultBoardingRules()
	c.Boarding.DayCount, c.Boarding.Rounding = b.DayCount, b.Rounding
	return c
}

// readConfig reads the settings. A file that was named must be there; unknown
// settings are refused.
func readConfig(data, path string) (Config, error) {
	c := defaultConfig()
	named := path != ""
	path = settingsFile(data, path)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return c, nil
	}
	if err != nil {
		return c, fmt.Errorf("read settings: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return c, fmt.Errorf("read settings %s: %w", path, err)
	}
	if _, err := ach.ParseRouting(c.ACH.ODFI); err != nil {
		return c, fmt.Errorf("read settings %s: ach.odfi: %w", path, err)
	}
	if len(c.ACH.OriginID) == 0 || len(c.ACH.OriginID) > 10 || len(c.ACH.Company) == 0 || len(c.ACH.Company) > 16 || !ach.Fits(c.ACH.OriginID+c.ACH.Company) {
		return c, fmt.Errorf("read settings %s: ach.origin_id has 1 to 10 and ach.company 1 to 16 plain characters", path)
	}
	if v := billing.ValidatedBy(c.AccountValidation); v != billing.ByMicroEntries && v != billing.ByPrenote {
		return c, fmt.Errorf("read settings %s: account_validation is %q: it is micro_entries or prenote", path, v)
	}
	if (c.AccountCheck.URL == "") != (c.AccountCheck.KeyFile == "") {
		return c, fmt.Errorf("read settings %s: account_check: url and key_file go together", path)
	}
	if c.ACH.RetryReturned < 0 || c.ACH.RetryReturned > billing.MaxRetries || c.ACH.RetryAfterDays < 1 || c.ACH.RetryAfterDays > 60 {
		return c, fmt.Errorf("read settings %s: ach.retry_returned is 0 to %d (the network allows no more) and ach.retry_after_days 1 to 60", path, billing.MaxRetries)
	}
	if strings.Trim(c.Quicken, "0123456789") != "" || len(c.Quicken) > 9 {
		return c, fmt.Errorf("read settings %s: quicken_id is %q: it is at most nine digits", path, c.Quicken)
	}
	if err := c.checkShape(); err != nil {
		return c, fmt.Errorf("read settings %s: %w", path, err)
	}
	if c.StatementDays < 10 || c.StatementDays > 27 || c.SettleDays < 0 || c.SettleDays > 60 {
		return c, fmt.Errorf("read settings %s: statement_days is 10 to 27 (an autopay draft is told at least 10 days before) and settle_days 0 to 60", path)
	}
	return c, nil
}

// settingsFile is the file that was named, or the data folder's.
func settingsFile(data, named string) string {
	if named != "" {
		return named
	}
	return filepath.Join(data, "marque.json")
}

func (c *Config) brand() (*web.Brand, error) {
	if c.Brand == "" {
		return web.LoadBrand(web.DefaultBrand())
	}
	return web.LoadBrand(os.DirFS(c.Brand))
}

// lender is the brand as papers and files to the bank know it.
func (c *Config) lender(b *web.Brand) billing.Lender {
	hours := ""
	for i, h := range b.Hours {
		if i > 0 {
			hours += "; "
		}
		hours += h
	}
	address := b.MailAddress
	if len(address) == 0 {
		address = b.PaymentAddress
	}
	var messages []billing.Words
	for _, m := range b.StatementMessages {
		messages = append(messages, billing.Words(m))
	}
	return billing.Lender{
		PaymentAddress: b.PaymentAddress, DisputeAddress: b.DisputeAddress, BankruptcyAddress: b.BankruptcyAddress, Agency: b.CreditAgency, Messages: messages,
		Name: b.Name, Address: address, Phone: b.Phone, Hours: hours, Website: c.Website, Email: b.Email,
		Legal: b.Legal, TimeZone: b.TimeZone, Accent: b.Colors.Light["accent"], OriginID: c.ACH.OriginID, ODFI: c.ACH.ODFI, ShortName: c.ACH.Company,
	}
}

func (c *Config) rules() servicing.Rules {
	cutOff, _ := c.Payments.minutes() // looked at when the settings were read
	return servicing.Rules{StatementDays: c.StatementDays, SettleDays: c.SettleDays, ValidateBy: billing.ValidatedBy(c.AccountValidation),
		Paying:  servicing.Paying{CutOff: cutOff, BankingDays: c.Payments.BankingDays},
		Returns: servicing.Returns{Retry: c.ACH.RetryReturned, RetryAfter: c.ACH.RetryAfterDays}, SameDay: c.ACH.SameDay}
}

func (c *Config) boarding() tape.BoardingRules {
	b := c.Boarding
	return tape.BoardingRules{
		DayCount: b.DayCount, Rounding: b.Rounding, FactorDecimals: b.FactorDecimals, Application: contract.DefaultApplication,
		GraceDays: b.GraceDays, LateFee: b.LateFee, ReturnedFee: b.ReturnedFee, DueDay: b.DueDay,
		CarryFraction: b.CarryFraction, Extra: b.Extra, CloseTolerance: b.CloseTolerance, FeeState: b.FeeState, FeeStates: b.FeeStates,
	}
}

// mailer is nil when no mail server is set.
func (c *Config) mailer(b *web.Brand) (*notice.Mailer, error) {
	if c.SMTP.Host == "" {
		return nil, nil
	}
	return notice.NewMailer(notice.SMTPConfig{
		Host: c.SMTP.Host, Port: c.SMTP.Port, Username: c.SMTP.Username, Password: c.smtpPassword(),
		TLS: notice.TLSMode(c.SMTP.TLS), From: fmt.Sprintf("%s <%s>", b.Name, b.Email),
	})
}
