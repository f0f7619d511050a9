// Package sandbox is the world around a lender, for trying the lender out: a
// portfolio of invented customers with the habits of real borrowers, a bank that
// takes NACHA files and sends some entries back, a processor that charges cards
// over HTTP and on a page of its own, an inbox that takes mail by SMTP, and a
// provider that takes text messages over HTTP; the last three can be made to
// misbehave. Its pages show them and move the business date.
//
// It stands outside: it sees files and messages, never the books. It does not
// know how a payment is posted or a day is run; whoever wires it says so with
// functions. The same seed gives the same people, contracts and habits.
//
// Everything here is invented: no maker, town, street or bank of these names is
// known to exist, phone numbers are 555-01xx, mail domains end in .example, ZIP
// codes begin with three digits that the Postal Service has not given out,
// Social Security numbers have their last four digits only, and the routing
// numbers begin with 80, which no bank that keeps accounts has.
package sandbox
