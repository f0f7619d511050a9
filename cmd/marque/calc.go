package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"marque/internal/contract"
	"marque/internal/money"
)

// CalcCmd is the engine without a database. Each input line is one JSON object,
// each output line its answer, in the same order; an `id` is echoed. A question
// that cannot be answered gets {"error": {"code", "field", "message"}} and the
// next line is read. A line that is not JSON ends the run with status 1.
type CalcCmd struct {
	Interest calcInterest `cmd:"" help:"Interest on a balance between two dates, or for a number of days."`
	Payment  calcPayment  `cmd:"" help:"Level payment of a loan."`
	Schedule calcSchedule `cmd:"" help:"Amortisation schedule, by period or by days."`
	APR      calcAPR      `cmd:"" name:"apr" help:"Annual percentage rate, Regulation Z Appendix J."`
	Payoff   calcPayoff   `cmd:"" help:"Payoff amount of a contract after its events."`
	Lease    calcLease    `cmd:"" help:"Lease payment, tax, and constant-yield balance."`
	Fold     calcFold     `cmd:"" help:"State of a contract after its events, and where each payment went."`
}

type (
	calcInterest struct{}
	calcPayment  struct{}
	calcSchedule struct{}
	calcAPR      struct{}
	calcPayoff   struct{}
	calcLease    struct{}
	calcFold     struct{}
)

func (calcInterest) Run(s streams) error { return answerLines(s, answerInterest) }
func (calcPayment) Run(s streams) error  { return answerLines(s, answerPayment) }
func (calcSchedule) Run(s streams) error { return answerLines(s, answerSchedule) }
func (calcAPR) Run(s streams) error      { return answerLines(s, answerAPR) }
func (calcPayoff) Run(s streams) error   { return answerLines(s, answerPayoff) }
func (calcLease) Run(s streams) error    { return answerLines(s, answerLease) }
func (calcFold) Run(s streams) error     { return answerLines(s, answerFold) }

// problem is why a question has no answer. Codes: not_object, unknown_field,
// duplicate_field, missing_field, invalid_value, out_of_range, no_solution.
type problem struct{ code, field, message string }

// refuse makes a problem of an engine's error; the path leads to its terms.
func refuse(path string, err error) *problem {
	var terms *contract.TermsError
	var event *contract.EventError
	switch {
	case errors.As(err, &event):
		return &problem{"refused_event", fmt.Sprintf("events[%d].%s", event.Seq-1, event.Field), event.Reason}
	case errors.As(err, &terms):
		return &problem{"invalid_value", path + terms.Field, terms.Reason}
	case errors.Is(err, money.ErrInterestRange):
		return &problem{"out_of_range", path + "annual_rate", err.Error()}
	case errors.Is(err, contract.ErrAPR):
		return &problem{"no_solution", path + "payments", err.Error()}
	}
	return &problem{"invalid_value", "events", err.Error()}
}

// answerLines reads lines of any length and writes their answers, flushing when
// no further line is waiting.
func answerLines(s streams, compute func(*object, *answer) *problem) error {
	in, out := bufio.NewReaderSize(s.in, 1<<16), bufio.NewWriterSize(s.out, 1<<16)
	var line []byte
	var a answer
	var broken error // the first line that is not JSON
	for number := 1; ; number++ {
		var err error
		line, err = readLine(in, line[:0])
		if err != nil && err != io.EOF {
			return errors.Join(fmt.Errorf("read line %d: %w", number, err), out.Flush())
		}
		if text := bytes.TrimSpace(line); len(text) > 0 {
			a.b = a.b[:0]
			if json.Valid(text) && utf8.Valid(text) {
				a.line(text, compute)
			} else {
				if broken == nil {
					broken = fmt.Errorf("line %d is not JSON", number)
				}
				a.b = append(a.b, '{')
				a.fault(&problem{"not_json", "", "the line is not JSON in UTF-8"})
				a.b = append(a.b, '}', '\n')
			}
			if _, err := out.Write(a.b); err != nil {
				return fmt.Errorf("write answer %d: %w", number, err)
			}
		}
		if err == io.EOF {
			return errors.Join(broken, out.Flush())
		}
		if waiting, _ := in.Peek(in.Buffered()); bytes.IndexByte(waiting, '\n') < 0 { // Peek of what is buffered cannot fail
			if err := out.Flush(); err != nil {
				return fmt.Errorf("write answer %d: %w", number, err)
			}
		}
	}
}

// readLine appends one line, however long.
func readLine(in *bufio.Reader, line []byte) ([]byte, error) {
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		if err != bufio.ErrBufferFull {
			return line, err
		}
	}
}

// line answers one line of valid JSON.
func (a *answer) line(text []byte, compute func(*object, *answer) *problem) {
	a.b = append(a.b, '{')
	o, fault := parseObject(text, "")
	if o != nil {
		if id := o.take("id"); id != nil {
			a.raw("id", id)
		}
	}
	mark := len(a.b)
	if fault == nil {
		fault = compute(o, a)
	}
	if fault != nil {
		a.b = a.b[:mark]
		a.fault(fault)
	}
	a.b = append(a.b, '}', '\n')
}

// fault writes why there is no answer. What was typed is quoted in a message only
// so far that the message stays one line.
func (a *answer) fault(p *problem) {
	const longest = 300
	message := p.message
	if len(message) > longest {
		message = strings.ToValidUTF8(message[:longest], "") + "…"
	}
	a.name("error")
	a.b = append(a.b, '{')
	a.text("code", p.code)
	a.text("field", p.field)
	a.text("message", message)
	a.b = append(a.b, '}')
}
