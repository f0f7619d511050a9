//go:build broken

package servicing_test

import "testing"

// brokenNotices are programs that write to people as they must not, or show what
// they must not. The test named must fail on each.
var brokenNotices = brokenPrograms{
	"what is required can be turned off": {"TestWhatIsRequiredCannotBeTurnedOff", []patch{
		{"notify_choices.go", `			return refuse("required",`, `			_ = refuse("required",`}}},
	"a switch stops what is required": {"TestWhatIsRequiredCannotBeTurnedOff", []patch{
		{"notify.go", `(e.Required || r.wants(e.Group, billing.ByEmail))`, `r.wants(e.Group, billing.ByEmail)`}}},
	"texts without an agreement": {"TestTextMessagesNeedAnAgreementToTheNumber", []patch{
		{"notify_choices.go", `	case !c.AgreeTexts:`, `	case false:`}}},
	"an agreement is to any number": {"TestTextMessagesNeedAnAgreementToTheNumber", []patch{
		{"notify_texts.go", `return c.Given && c.Shown == textsTo(tx, p.Phone), nil`, `return c.Given, nil`}}},
	"an agreement that was taken back": {"TestTextMessagesNeedAnAgreementToTheNumber", []patch{
		{"notify_texts.go", `return c.Given && c.Shown`, `return c.Shown`}}},
	"alarms go to a number that said STOP": {"TestStopEndsAllTextsAtOnce", []patch{
		{"notify.go", `case n.Channel == billing.ByText && n.Kind != billing.NoticeTextsStopped:`, `case n.Channel == billing.ByText && n.Kind == billing.NoticePaymentReceived:`}}},
	"STOP is confirmed each time": {"TestStopEndsAllTextsAtOnce", []patch{
		{"notify_texts.go", `			if since > 0 {
				return nil // it was`, `			if since < 0 {
				return nil // it was`}}},
	"opt out in two words is not heard": {"TestStopEndsAllTextsAtOnce", []patch{
		{"notify_texts.go", `strings.NewReplacer(" ", "", "-", "")`, `strings.NewReplacer("-", "")`}}},
	"a code goes to a number that said STOP": {"TestACodeGoesByAnotherWayThanAStoppedNumber", []patch{
		{"code.go", `		if by, address, err = s.ifTextsStopped(ctx, a, address); err != nil {`, `		if _, _, err = s.ifTextsStopped(ctx, a, ""); err != nil {`}}},
	"nothing waits for the morning": {"TestQuietHoursMakeWaitWhatCanWait", []patch{
		{"notify.go", `if wait := r.quiet.Until(now); !e.AtOnce && wait > now {`, `if wait := now; !e.AtOnce && wait > now {`}}},
	"the hours are the lender's": {"TestQuietHoursMakeWaitWhatCanWait", []patch{
		{"notify_choices.go", `return billing.Quiet{Zone: h.Zone, From: h.From, To: h.To}, nil`, `return billing.Quiet{Zone: s.lender.TimeZone, From: h.From, To: h.To}, nil`}}},
	"a report counts each time it is read": {"TestMailThatComesBackGoesAnotherWay", []patch{
		{"../store/notice.go", `AND channel = 'email' AND outcome = 'sent'`, `AND channel = 'email'`}}},
	"an address that fails is written to": {"TestMailThatComesBackGoesAnotherWay", []patch{
		{"notify.go", `case mail && r.person.Email != "" && !r.noMail:`, `case mail && r.person.Email != "":`},
		{"notify.go", `case n.Channel == billing.ByEmail && n.Code == "":`, `case n.Channel == billing.ByEmail && n.Code != "":`}}},
	"a message that came back is lost": {"TestMailThatComesBackGoesAnotherWay", []patch{
		{"notify_bounce.go", `	if way == "" {`, `	if way != "x" {`}}},
	"paper without a mail house": {"TestARefusedAddressIsMarkedAndPaperIsTheLastWay", []patch{
		{"notify.go", `e.Ways.Has(billing.ByPaper) && s.rules.PaperMail &&`, `e.Ways.Has(billing.ByPaper) &&`}}},
	"one form sends again and again": {"TestAMessageIsSentAgainOnceForEachTimeItIsAskedFor", []patch{
		{"inbox.go", `		case row.Resent != resent:
			return nil`, `		case row.Resent < resent:
			return nil`},
		{"../store/notice.go", `AND customer_id = $2 AND resent = $3 AND state`, `AND customer_id = $2 AND resent >= $3 AND state`}}},
	"another's message is sent again": {"TestAMessageIsSentAgainOnceForEachTimeItIsAskedFor", []patch{
		{"inbox.go", `		case row.CustomerID != who || row.SaidID != row.ID || row.Content == "":
			return ErrNotFound`, `		case row.SaidID != row.ID || row.Content == "":
			return ErrNotFound`}}},
	"another's message is read": {"TestNobodyReachesWhatIsAnothers", []patch{
		{"inbox.go", `	if row.CustomerID != who || row.SaidID != row.ID || row.Content == "" {`, `	if row.SaidID != row.ID || row.Content == "" {`}}},
	"any link ends any mail": {"TestALinkEndsAGroupsMailAndNothingElse", []patch{
		{"notify_choices.go", `return id, signed && subtle.ConstantTimeCompare([]byte(token), []byte(s.unsubscribeToken(id))) == 1`, `_ = subtle.ConstantTimeCompare([]byte(token), []byte(s.unsubscribeToken(id)))
	return id, signed`}}},
	"looking at the link ends the mail": {"TestALinkEndsAGroupsMailAndNothingElse", []patch{
		{"notify_choices.go", `			out = Unsubscribing{e.Group, !r.wants(e.Group, billing.ByEmail)}`, `			out = Unsubscribing{e.Group, true}`}}},
	"who is in bankruptcy is reminded": {"TestRemindersFollowTheAccountAsItIs", []patch{
		{"notify_due.go", `if c.Status == "open" && !held(c) {`, `if c.Status == "open" {`}}},
	"who has scheduled a payment is reminded": {"TestRemindersFollowTheAccountAsItIs", []patch{
		{"notify_due.go", `	if err != nil || ahead >= d.Amount() {`, `	if _ = ahead; err != nil {`}}},
	"autopay is not seen": {"TestRemindersFollowTheAccountAsItIs", []patch{
		{"notify_due.go", `	case auto != nil && step == stepSoon:`, `	case auto != nil && step == "":`},
		{"notify_due.go", `	case auto != nil:
		return next, nil`, `	case auto == nil && step == "":
		return next, nil`}}},
	"a day run twice reminds twice": {"TestRemindersFollowTheAccountAsItIs", []patch{
		{"notify_due.go", `		tx.MoveReminder(next)`, `		_ = next`},
		{"../store/notice.go", `ON CONFLICT (once) DO NOTHING`, `ON CONFLICT (id) DO NOTHING`}}},
	"a code stands in the inbox": {"TestTheInboxIsPagedByKeyAndHoldsNoSecret", []patch{
		{"notify.go", `	if e.Ways.Has(billing.ByPortal) {
		row.SaidID`, `	if e.Ways != 0 {
		row.SaidID`}}},
}

func TestBrokenNoticesAreFound(t *testing.T) { brokenNotices.areFound(t) }
