// Command marque is the customer portal and servicing ledger of a captive
// auto-finance company in one binary: the borrower's portal, the agent's
// console, the books behind both, and the engine alone as `marque calc`.
//
// Each subcommand is a struct with a Run method in a file of its own. This file
// knows only their names, the two flags that all of them take, and how an error
// becomes a line on standard error and an exit status.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kong"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// cli is the command line.
type cli struct {
	Globals

	Demo       DemoCmd       `cmd:"" help:"Make a company that looks alive and serve it, with a bank, an inbox and a calendar around it."`
	Serve      ServeCmd      `cmd:"" help:"Serve the portal, from a settings file and the environment."`
	Import     ImportCmd     `cmd:"" help:"Take a portfolio onto the books."`
	Cycle      CycleCmd      `cmd:"" help:"Close business days."`
	ACH        ACHCmd        `cmd:"" name:"ach" help:"Drop and pick up NACHA files."`
	Exceptions ExceptionsCmd `cmd:"" help:"What a person must look at, and how it was dealt with."`
	Event      EventCmd      `cmd:"" help:"Put a fee, a waiver, a change of terms or money that came by check on a contract."`
	Verify     VerifyCmd     `cmd:"" help:"Prove the books from the events alone."`
	Audit      AuditCmd      `cmd:"" help:"Who did and saw what, and the end of the chain that proves it."`
	Staff      StaffCmd      `cmd:"" help:"The first administrator of the console, and who may come to it."`
	Books      BooksCmd      `cmd:"" help:"Trial balance, accrued interest and the journal for accounting programs."`
	Reconcile  ReconcileCmd  `cmd:"" help:"Compare the engine with a servicer's reported tape."`
	Calc       CalcCmd       `cmd:"" help:"Run the engine without a database: JSON Lines in, JSON Lines out."`
	Keys       KeysCmd       `cmd:"" help:"Change the keys of the encrypted fields."`
	Migrate    MigrateCmd    `cmd:"" help:"Bring the database's schema up to date."`
}

// Globals are the flags of every subcommand.
type Globals struct {
	Data     string `default:"./marque-data" env:"MARQUE_DATA" placeholder:"DIR" help:"Folder of the company's data (${default})."`
	Database string `env:"MARQUE_DATABASE" placeholder:"URL" help:"postgres://… ; without it, SQLite inside the data folder."`
}

// streams are the standard streams, as arguments so that tests can give their own.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// run parses the arguments, runs one subcommand, and gives the exit status.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var c cli
	answered := false // --help has printed and there is nothing to run
	parser, err := kong.New(&c,
		kong.Name("marque"),
		kong.Description("Customer portal and servicing ledger of an auto-finance company."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { answered = true }),
		kong.Bind(streams{stdin, stdout, stderr}, &c.Globals),
	)
	if err != nil {
		return fail(stderr, err)
	}
	ctx, err := parser.Parse(args)
	if answered {
		return 0
	}
	if err == nil {
		err = ctx.Run()
	}
	if err != nil {
		return fail(stderr, err)
	}
	return 0
}

func fail(stderr io.Writer, err error) int {
	fmt.Fprintf(stderr, "marque: %v\n", err)
	return 1
}
