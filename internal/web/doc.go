// Package web is the HTTP kit under the portal and the console: the page
// base, its stylesheet, font and brand, forms and their errors, the error
// page, security headers, the access log and page links. It promises that a
// page is rendered whole or not at all, that an error's own words never reach
// a person unless they are an HTTPError, that what was typed comes back, that
// only forms of our own pages reach a route, that every page works without a
// script, and that nothing personal is logged. It knows nothing of contracts,
// customers, sessions or databases.
//
// # Wiring
//
//	brand, err := web.LoadBrand(web.DefaultBrand())      // or os.DirFS(folder)
//	site, err := web.NewSite(web.Config{Brand: brand, Places: …, Account: …,
//	    Home: "/", SignIn: "/sign-in", SignOut: "/sign-out", BaseURL: "", TrustedProxies: proxies,
//	    Log: logger, Now: time.Now})
//	pages, err := site.Parse(templatesFS)                // *.html in the FS's root
//	mux.Handle("GET /payments", site.Handle(h.payments)) // func(w, r) error
//	mux.Handle("GET /assets/", site.Assets)
//	handler := site.Serve(mux)                           // headers, limits, log, forms, 404 and 405
//
// # What comes in
//
// Serve answers 405 to every method but GET, HEAD and POST, 415 to a POST that
// is not application/x-www-form-urlencoded, 400 to an address or a form in which
// a name comes twice, and 403 to a form that no page of ours sent. Render puts
// the token that tells into every form with method="post"; templates need do
// nothing. A form is taken with Sec-Fetch-Site same-origin or the right Origin,
// or with the token where an old browser sends neither; a test or a program
// sends one of these. A field that may come several times is named:
// ReadForm(r, "kind") and form.All("kind").
//
// A card number never comes further than the door: in an address it is answered
// 400, in a header it is masked, in a form its field comes empty with an error, so
// that form.OK() is false. Pages that take optional words look at form.OK().
//
// site.ClientIP(r) is where a request comes from, for limits and the record;
// never read r.RemoteAddr or a header for it. ClearSiteData(w) goes with signing
// out.
//
// # A page
//
// One file, one page: payments.html holds the body of <main> and nothing else
// (no define around it). A file whose name starts with "_" holds {{define}}s
// shared by the package's pages. The page's struct embeds web.Page:
//
//	type paymentsPage struct {
//	    web.Page
//	    Rows  []paymentRow
//	    Pages web.Pages
//	}
//	return pages.Render(w, r, http.StatusOK, "payments", paymentsPage{Page: web.Page{
//	    Title: "Payments", Here: "payments", SignedIn: name, Contract: "2023 Aldon Vireo ••4821",
//	    BusinessDate: date}, Rows: rows})
//
// The page writes its own h1. Page.Form, when it holds errors, gives the
// summary above the content, "Error:" in the title and each error beside its
// field; render such a page with http.StatusUnprocessableEntity. Page.Layout
// is "" (64rem), "flow" (38rem, one question per page), "narrow" (sign-in: no
// places) or "dense" (the console: wide, small rows and fields). Page.Back is a
// link above the content, Page.Notice a line that says what was just done,
// Page.Banner a line above everything for staff who look at a borrower's pages.
//
// Page.IdleSeconds and EndsSeconds, counted from this answer, let session.js
// tell a person two minutes before the session ends. Staying posts to
// Page.StayPath, which touches the session and answers 204; a redirect there
// counts as signed out. No script asks the server for anything by itself.
//
// Page.Scripts names the enhancements that a page needs: "passkey.js",
// "password.js" (Show password), "print.js" (Print and Copy buttons). What they
// bring to life is hidden without them.
//
// # Template functions
//
//	{{usd .Cents}} "−$1,234.56"   {{money .Cents}} the same in a span, tabular
//	{{balance .Cents}} "$5.00 credit" when negative
//	{{date .Date}} "Dec 15, 2026"  {{shortdate .Date}} "Dec 15"  {{month .Date}} "December 2026"
//	{{at .Instant}} "Dec 15, 2026, 3:04 p.m. CST" in the brand's zone
//	{{percent .Rate}} "6.95%"  {{plural 3 "payment" "payments"}} "3 payments"
//	{{asset "marque.css"}} hashed address  {{icon "receipt"}} one of the icons of icon.go
//	{{brand.Name}} {{brand.Phone}} {{brand.Hours}} … every field of Brand
//	{{tag "good" "Paid"}} a word with colour and shape: good warn bad wait plain
//
// # Components
//
// Each is called {{template "name" argument}}; the argument's maker is in
// brackets. Pairs are key, value; a wrong key is an error when rendering.
//
//	field           (field .Form "zip" "ZIP code" "hint" "5 digits" "autocomplete" "postal-code"
//	                    "inputmode" "numeric" "maxlength" 5 "width" 5)
//	                other keys: type value min max prefix suffix optional spellcheck
//	                width is 2 4 5 10 or 20 characters, else full
//	money-field     (field .Form "amount" "Amount" "hint" "…")
//	date-field      (field .Form "on" "Payment date" "min" .First "max" .Last)
//	password-field  (field .Form "password" "Password" "autocomplete" "current-password"): never echoed
//	code-field      (field .Form "code" "Code" "hint" "6 digits")
//	select          (field .Form "state" "State" .Options)
//	radios          (field .Form "how" "How much do you want to pay?"
//	                    (option "due" "Amount due" "note" (usd .Due) "hint" "Due Dec 15")
//	                    (option "other" "Another amount" "reveal" (field .Form "amount" "Amount")))
//	                cards, one per Option; []web.Option from the page struct works too;
//	                "reveal" is a money field shown when its card is chosen
//	checkbox        (field .Form "agree" "I authorize …" "value" "yes")
//	submit          "Pay $612.40"
//	step            (step 2 3): "Step 2 of 3", above the h1
//	passkey         (passkey "create" "Add a passkey" .Options): "create" or "get", inside a form
//	                that posts; Options as go-webauthn gives them. The answer, JSON, comes in the
//	                field credential, or that of "name". Keys: "without" words shown where there
//	                are no passkeys, "offer" true offers them in a field with autocomplete
//	                "username webauthn", "alone" true where the form's other fields need not be
//	                filled, "second" true for the lesser button. Needs passkey.js
//	qr              {{qr .URI "Picture for your authenticator app"}}: a function; inline SVG
//	secret          (secret "Or type this key" .Key): in groups of four; Copy with print.js
//	codes           (codes "Saved codes" .Codes): []string, printable; Print with print.js
//	strength        (strength 3 "Good"): 0 to 4, with its words
//	banner          a web.Banner; Page.Banner puts one above the page
//	review-row      (row "Amount" .Cents "/pay/amount") inside <dl class="review">; the address
//	                of the "change" link may be left out; Cents and Date are formatted
//	notice          (notice "warn" "Title" "Text"): good warn bad plain
//	confirmation    (confirmation "Payment scheduled" "Confirmation number" "K7QM-2D9X")
//	empty           (empty "No payments yet" "Text" "/pay" "Make a payment"); link may be left out
//	steps           (steps 2 "Amount" "Review" "Done")
//	figure          (figure "Amount due" .Cents "Due Dec 15, 2026"): the largest thing on a page
//	progress        (progress .PaidCents .TotalCents "38% of the loan is paid")
//	why             a web.Why{Question, Lines: []web.WhyLine{{Text, Amount, Total}}, Note} from the page struct
//	pages           a web.Pages from Paginate
//	error-summary   called by the base; do not call it
//
// # Classes to write by hand
//
//	<p class="lead">                the one sentence that is always true
//	<div class="actions">           submit, then <a class="button secondary"> or <a class="quiet">
//	<section class="card">          only round what can be opened or paid
//	<div class="columns"><div>…</div><aside>…</aside></div>
//	<dl class="facts"><div><dt>Balance</dt><dd>…</dd></div></dl>   figures in a row
//	<table class="rows"> with <caption>, <td data-label="Principal" class="num">; put class "end"
//	    on the amount's cell: on a phone the row becomes a paragraph with that cell at its end,
//	    and a cell with class "head" opens it
//	<ul class="links"><li><a href><b>Title</b> <span>what it is</span></a>   documents, help
//	<ul class="points">, <ol class="points">         plain lists, with their bullets and numbers
//	<ul class="ways"><li><button class="quiet">      other ways to do the same, one a line
//	<ul class="timeline"><li><b>Dec 15</b> <span>…</span> <span class="money">…</span>
//	<table class="rows tight">      more rows on a screen, outside the dense layout
//	<div class="inset">             an aside about help
//	<form class="filter">           selects and a button in a line, above a table
//	<figure class="chart"><svg class="chart" viewBox role="img"><title><desc>
//	    with path.past path.planned path.extra, line.axis, text; <figcaption class="key">
//	    draw on a 640-unit wide viewBox: text is 12 units, 22 on a phone
//	<div class="answers"> with <details>: questions and answers
//	<tr class="planned">            a row that has not happened yet
//	<div class="total"> in dl.review, <div class="stack"> for even spacing
//	<span class="muted"> <span class="visually-hidden"> <span class="num">
package web
