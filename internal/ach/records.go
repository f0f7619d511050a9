package ach

import "marque/internal/money"

// The columns of every record, counted from 1 as in the Nacha rules' record
// format specifications (appendix three).

var fileHeaderLayout = layout[FileHeader]{"file header", "1", []column[FileHeader]{
	literal[FileHeader](2, 3, "priority code", "01"),
	must(right(4, 13, "immediate destination", func(h *FileHeader) *string { return &h.ImmediateDestination })),
	must(right(14, 23, "immediate origin", func(h *FileHeader) *string { return &h.ImmediateOrigin })),
	must(date(24, 29, "creation date", func(h *FileHeader) *money.Date { return &h.CreationDate })),
	clock(30, 33, "creation time", func(h *FileHeader) *string { return &h.CreationTime }),
	must(text(34, 34, "file id modifier", func(h *FileHeader) *string { return &h.FileIDModifier })),
	literal[FileHeader](35, 37, "record size", "094"),
	literal[FileHeader](38, 39, "blocking factor", "10"),
	literal[FileHeader](40, 40, "format code", "1"),
	text(41, 63, "immediate destination name", func(h *FileHeader) *string { return &h.DestinationName }),
	text(64, 86, "immediate origin name", func(h *FileHeader) *string { return &h.OriginName }),
	text(87, 94, "reference code", func(h *FileHeader) *string { return &h.ReferenceCode }),
}}

var batchHeaderLayout = layout[BatchHeader]{"batch header", "5", []column[BatchHeader]{
	number(2, 4, "service class code", func(h *BatchHeader) *ServiceClass { return &h.ServiceClass }),
	must(text(5, 20, "company name", func(h *BatchHeader) *string { return &h.CompanyName })),
	text(21, 40, "company discretionary data", func(h *BatchHeader) *string { return &h.CompanyDiscretionary }),
	must(text(41, 50, "company identification", func(h *BatchHeader) *string { return &h.CompanyID })),
	must(text(51, 53, "standard entry class code", func(h *BatchHeader) *SEC { return &h.SEC })),
	must(text(54, 63, "company entry description", func(h *BatchHeader) *string { return &h.EntryDescription })),
	text(64, 69, "company descriptive date", func(h *BatchHeader) *string { return &h.DescriptiveDate }),
	must(date(70, 75, "effective entry date", func(h *BatchHeader) *money.Date { return &h.EffectiveDate })),
	dayOfYear(76, 78, "settlement date", func(h *BatchHeader) *int { return &h.SettlementDay }),
	must(text(79, 79, "originator status code", func(h *BatchHeader) *string { return &h.OriginatorStatus })),
	digits(80, 87, "originating DFI identification", func(h *BatchHeader) *string { return &h.ODFI }),
	number(88, 94, "batch number", func(h *BatchHeader) *int { return &h.BatchNumber }),
}}

// entryRecord is an entry with the one column that its addenda decide.
type entryRecord struct {
	Entry
	addendaIndicator int
}

var entryLayout = layout[entryRecord]{"entry", "6", []column[entryRecord]{
	number(2, 3, "transaction code", func(e *entryRecord) *TransactionCode { return &e.TransactionCode }),
	digits(4, 12, "receiving DFI identification", func(e *entryRecord) *RoutingNumber { return &e.RDFI }),
	must(text(13, 29, "DFI account number", func(e *entryRecord) *string { return &e.Account })),
	number(30, 39, "amount", func(e *entryRecord) *money.Cents { return &e.Amount }),
	text(40, 54, "individual identification number", func(e *entryRecord) *string { return &e.IndividualID }),
	text(55, 76, "individual name", func(e *entryRecord) *string { return &e.Name }),
	text(77, 78, "discretionary data", func(e *entryRecord) *string { return &e.Discretionary }),
	number(79, 79, "addenda record indicator", func(e *entryRecord) *int { return &e.addendaIndicator }),
	digits(80, 94, "trace number", func(e *entryRecord) *TraceNumber { return &e.Trace }),
}}

// paymentRecord is addenda 05 with the columns that its place decides.
type paymentRecord struct {
	text          string
	sequence      int
	entrySequence string
}

var paymentLayout = layout[paymentRecord]{"addenda 05", "705", []column[paymentRecord]{
	free(4, 83, "payment related information", func(a *paymentRecord) *string { return &a.text }),
	number(84, 87, "addenda sequence number", func(a *paymentRecord) *int { return &a.sequence }),
	digits(88, 94, "entry detail sequence number", func(a *paymentRecord) *string { return &a.entrySequence }),
}}

var otherAddendaLayout = layout[Addenda]{"addenda", "7", []column[Addenda]{
	digits(2, 3, "addenda type code", func(a *Addenda) *string { return &a.Type }),
	free(4, 94, "addenda data", func(a *Addenda) *string { return &a.Text }),
}}

var changeLayout = layout[ChangeAddenda]{"addenda 98", "798", []column[ChangeAddenda]{
	must(text(4, 6, "change code", func(a *ChangeAddenda) *ChangeCode { return &a.Code })),
	digits(7, 21, "original entry trace number", func(a *ChangeAddenda) *TraceNumber { return &a.OriginalTrace }),
	digits(28, 35, "original receiving DFI identification", func(a *ChangeAddenda) *string { return &a.OriginalRDFI }),
	free(36, 64, "corrected data", func(a *ChangeAddenda) *string { return &a.CorrectedData }),
	text(65, 67, "refused change code", func(a *ChangeAddenda) *string { return &a.RefusedCode }),
	text(68, 74, "refused trace sequence number", func(a *ChangeAddenda) *string { return &a.RefusedTrace }),
	digits(80, 94, "trace number", func(a *ChangeAddenda) *TraceNumber { return &a.Trace }),
}}

var (
	returnCodeColumn   = must(text(4, 6, "return reason code", func(a *ReturnAddenda) *ReturnCode { return &a.Code }))
	returnOfColumn     = digits(7, 21, "original entry trace number", func(a *ReturnAddenda) *TraceNumber { return &a.OriginalTrace })
	returnRDFIColumn   = digits(28, 35, "original receiving DFI identification", func(a *ReturnAddenda) *string { return &a.OriginalRDFI })
	returnTraceColumn  = digits(39, 53, "return trace number", func(a *ReturnAddenda) *TraceNumber { return &a.ReturnTrace })
	returnDayColumn    = dayOfYear(54, 56, "return settlement date", func(a *ReturnAddenda) *int { return &a.ReturnSettlementDay })
	returnReasonColumn = digits(57, 58, "return reason code of the return", func(a *ReturnAddenda) *string { return &a.ReturnReason })
	addendaTraceColumn = digits(80, 94, "trace number", func(a *ReturnAddenda) *TraceNumber { return &a.Trace })
)

var returnLayout = layout[ReturnAddenda]{"addenda 99", "799", []column[ReturnAddenda]{
	returnCodeColumn, returnOfColumn,
	date(22, 27, "date of death", func(a *ReturnAddenda) *money.Date { return &a.DateOfDeath }),
	returnRDFIColumn,
	free(36, 79, "addenda information", func(a *ReturnAddenda) *string { return &a.Information }),
	addendaTraceColumn,
}}

var dishonoredLayout = layout[ReturnAddenda]{"addenda 99 dishonored", "799", []column[ReturnAddenda]{
	returnCodeColumn, returnOfColumn, returnRDFIColumn, returnTraceColumn, returnDayColumn, returnReasonColumn,
	free(59, 79, "addenda information", func(a *ReturnAddenda) *string { return &a.Information }),
	addendaTraceColumn,
}}

var contestedLayout = layout[ReturnAddenda]{"addenda 99 contested", "799", []column[ReturnAddenda]{
	returnCodeColumn, returnOfColumn,
	date(22, 27, "date original entry returned", func(a *ReturnAddenda) *money.Date { return &a.OriginalReturned }),
	returnRDFIColumn,
	dayOfYear(36, 38, "original settlement date", func(a *ReturnAddenda) *int { return &a.OriginalSettlementDay }),
	returnTraceColumn, returnDayColumn, returnReasonColumn,
	digits(59, 73, "dishonored return trace number", func(a *ReturnAddenda) *TraceNumber { return &a.DishonoredTrace }),
	dayOfYear(74, 76, "dishonored return settlement date", func(a *ReturnAddenda) *int { return &a.DishonoredSettlementDay }),
	digits(77, 78, "dishonored return reason code", func(a *ReturnAddenda) *string { return &a.DishonoredReason }),
	addendaTraceColumn,
}}

// returnLayoutOf picks the columns that a return code stands for.
func returnLayoutOf(code ReturnCode) *layout[ReturnAddenda] {
	switch {
	case code.Dishonored():
		return &dishonoredLayout
	case code.Contested():
		return &contestedLayout
	}
	return &returnLayout
}

var batchControlLayout = layout[BatchControl]{"batch control", "8", []column[BatchControl]{
	number(2, 4, "service class code", func(c *BatchControl) *ServiceClass { return &c.ServiceClass }),
	number(5, 10, "entry/addenda count", func(c *BatchControl) *int { return &c.EntryAddendaCount }),
	number(11, 20, "entry hash", func(c *BatchControl) *int64 { return &c.EntryHash }),
	number(21, 32, "total debit", func(c *BatchControl) *money.Cents { return &c.TotalDebit }),
	number(33, 44, "total credit", func(c *BatchControl) *money.Cents { return &c.TotalCredit }),
	text(45, 54, "company identification", func(c *BatchControl) *string { return &c.CompanyID }),
	text(55, 73, "message authentication code", func(c *BatchControl) *string { return &c.MessageAuthentication }),
	digits(80, 87, "originating DFI identification", func(c *BatchControl) *string { return &c.ODFI }),
	number(88, 94, "batch number", func(c *BatchControl) *int { return &c.BatchNumber }),
}}

var fileControlLayout = layout[FileControl]{"file control", "9", []column[FileControl]{
	number(2, 7, "batch count", func(c *FileControl) *int { return &c.BatchCount }),
	number(8, 13, "block count", func(c *FileControl) *int { return &c.BlockCount }),
	number(14, 21, "entry/addenda count", func(c *FileControl) *int { return &c.EntryAddendaCount }),
	number(22, 31, "entry hash", func(c *FileControl) *int64 { return &c.EntryHash }),
	number(32, 43, "total debit", func(c *FileControl) *money.Cents { return &c.TotalDebit }),
	number(44, 55, "total credit", func(c *FileControl) *money.Cents { return &c.TotalCredit }),
}}
