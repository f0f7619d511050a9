package servicing_test

// Programs that draft what they should not, and the test that must notice each.
func init() {
	brokens = append(brokens, []broken{
		{"a draft goes out without its notice", "servicing/autopay_draft.go", "why = in.Plan.Covered(given(in), d, told)", "_ = told\n\t\t\twhy = \"\"",
			"TestAutopayStories/sqlite/a-higher-payment-that-comes-too-late", true},
		{"a notice of another amount will do", "billing/autopay_notice.go", "n.Date == d.Date && n.Amount == d.Amount && n.Sent <= need.By", "n.Date == d.Date && n.Sent <= need.By",
			"TestAutopayStories/sqlite/told-every-time,-and-paid-in-part", false},
		{"a notice a week before will do", "billing/autopay_notice.go", "AmountNoticeDays = 10", "AmountNoticeDays = 7", "TestAutopayStories/sqlite/a-higher-payment-is-told", false},
		{"a date that moved is not told", "servicing/autopay_draft.go", "in.Moved = k < 1 || before.DueDate(&c.Terms, k) != c.DraftOn", "_ = k", "TestAutopayStories/sqlite/a-due-date-that-moves", false},
		{"a message that failed was a notice", "store/autopay.go", "state IN ('failed', 'expired')", "state = 'unknown'", "TestANoticeThatFailedIsNone/sqlite", false},
		{"a draft takes more than is left", "billing/autopay_draft.go", "d.Instalment, d.Amount = want, min(want+extra, all)", "d.Instalment, d.Amount = want, max(want, 300_00)+extra",
			"TestAutopayStories/sqlite/paid-by-hand", true},
		{"a fixed draft takes more than closes the account", "billing/autopay_draft.go", "Amount: min(p.Fixed, closing)}", "Amount: p.Fixed}",
			"TestAFixedDraftEndsWithTheAccount/sqlite", true},
		{"a skipped date is drafted", "billing/autopay.go", "case on == p.Skip:", "case on == p.Skip-1:", "TestAutopayStories/sqlite/one-is-skipped", true},
		{"a paused date is drafted", "billing/autopay.go", "case p.paused(on):", "case false:", "TestAutopayStories/sqlite/a-pause-keeps", false},
		{"turning autopay off leaves the date", "servicing/autopay.go", "\tc.DraftOn = 0\n\tif err := s.save(tx, c); err != nil {", "\tif err := s.save(tx, c); err != nil {",
			"TestTurningAutopayOff/sqlite", true},
		{"turning autopay off leaves what has not left", "servicing/autopay.go", "return s.cancelDrafts(tx, c, who, actor)", "return nil", "TestTurningAutopayOff/sqlite", true},
		{"anything typed is a signature", "servicing/autopay.go", "\tif !signs(req.Signed, person) {", "\tif req.Signed == \"\" {", "TestAnAuthorisationIsKept/sqlite", false},
		{"what is on its way is drafted again", "billing/autopay_draft.go", "want, behind = want-(a.Amount-first), behind-first", "behind -= first", "TestAutopayStories/sqlite/a-payment-scheduled", false},
		{"the last notices are not looked at again", "servicing/autopay_notice.go", "[]money.Date{on - firstLook, on - lastLook}", "[]money.Date{on - firstLook}",
			"TestANoticeIsOfWhatIsDrafted/sqlite", false},
		{"a count has no end", "billing/autopay.go", "if p.Count > 0 && made >= p.Count {", "if p.Count > 0 && made > p.Count+1000 {", "TestAutopayStories/sqlite/three-payments", false},
		{"the authorization is not kept", "servicing/autopay.go", "return day.AddMonths(24, day.Day())", "return day.AddMonths(12, day.Day())", "TestAnAuthorisationIsKept/sqlite", false},
	}...)
}
