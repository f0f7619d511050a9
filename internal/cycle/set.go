package cycle

import (
	"bytes"
	"encoding/json"
	"fmt"

	"marque/internal/billing"
	"marque/internal/notice"
	"marque/internal/servicing"
)

// set is the pages of a paper.
func set(d servicing.DueDocument) ([]byte, error) {
	var out bytes.Buffer
	var err error
	switch d.Kind {
	case billing.DocStatement:
		var st billing.Statement
		if err = json.Unmarshal(d.Content, &st); err == nil {
			err = notice.StatementPDF(&out, st)
		}
	case billing.DocPayoffLetter:
		var l billing.PayoffLetter
		if err = json.Unmarshal(d.Content, &l); err == nil {
			err = notice.PayoffPDF(&out, l)
		}
	case billing.DocReceipt, billing.DocConfirmation:
		var r billing.Receipt
		if err = json.Unmarshal(d.Content, &r); err == nil {
			err = notice.ReceiptPDF(&out, r)
		}
	default:
		err = fmt.Errorf("unknown kind %q", d.Kind)
	}
	return out.Bytes(), err
}
