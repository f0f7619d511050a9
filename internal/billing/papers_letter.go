package billing

import (
	"marque/internal/contract"
	"marque/internal/money"
)

// Letter is what every letter says first: who writes, to whom, about which
// account, and on which business date. Like all snapshots it is frozen when it is
// made, and holds figures and codes; the words around them are set on the page,
// in the reader's language.
type Letter struct {
	Lender        Lender        `json:"lender"`
	Recipient     Recipient     `json:"recipient"`
	Kind          contract.Kind `json:"kind"`
	AccountNumber string        `json:"account_number"`
	Vehicle       string        `json:"vehicle"`
	VIN           string        `json:"vin"`
	Date          money.Date    `json:"date"`
}

// MessagePaper is a message that goes by mail instead: its words as they were
// made, in the language of the paper.
type MessagePaper struct {
	Letter
	Subject    string        `json:"subject"`
	Paragraphs []string      `json:"paragraphs"`
	Facts      []MessageFact `json:"facts,omitempty"`
}

// MessageFact is one line of a message's figures, as it is written.
type MessageFact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}
