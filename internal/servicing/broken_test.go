package servicing_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// broken is the program with one thing wrong, and the test that must notice. The
// wrong program is compiled beside the right one, by an overlay; what is on disk is
// not touched, and the program has no hooks for it. What is wrong inside a function
// is compiled for all rows at once (see broken_build_test.go).
type broken struct {
	name, file, old, new string
	run                  string // the test, and the parts of it that are enough
	first                bool   // among what `make test` looks at; `make broken` looks at all
}

var brokens = []broken{
	{"the count is lost with the try that was refused", "servicing/attempt.go",
		"\t\treturn nil\n\t})\n\tswitch {\n", "\t\treturn store.ErrNotFound\n\t})\n\tif err == store.ErrNotFound {\n\t\terr = nil\n\t}\n\tswitch {\n",
		"TestExactlySoMany/^ProveSignIn .app.$/sqlite", true},
	{"the count is read, added to and written back", "store/access.go",
		"\terr = tx.one(countAttempt, []any{&n, &until}, bucket, now, since)\n\treturn n, until, err",
		"\tif n, until, err = tx.Attempts(bucket); err != nil && err != ErrNotFound {\n\t\treturn n, until, err\n\t}\n\tn++\n" +
			"\tif _, err = tx.exec(&statement{text: `SELECT pg_sleep(0.02)`}); err != nil {\n\t\treturn n, until, err\n\t}\n" + // so that it shows each time
			"\t_, err = tx.exec(&statement{text: `INSERT INTO attempt (bucket, count, since, until) VALUES ($1, $2, $3, 0) ON CONFLICT (bucket) DO UPDATE SET count = $2`}, bucket, n, now)\n\treturn n, until, err",
		"TestTwoHundred/^ProveActivation/postgres", true},
	{"six tries are five", "servicing/attempt.go", `"code":    {window: identity.CodeLife, spare: 100, stop: identity.CodeTries},`,
		`"code":    {window: identity.CodeLife, spare: 100, stop: identity.CodeTries + 1},`, "TestExactlySoMany/^ProveActivation/sqlite", false},
	{"the account's second factors are not counted", "servicing/factor.go", `if err := s.attempt(ctx, "factor", a.owner+a.way()); err != nil {`,
		`if err := error(nil); err != nil {`, "TestExactlySoMany/new run/sqlite", false},
	{"a password in a recovery is not counted", "servicing/recovery.go", `if err := s.attempt(ctx, "password", lane); err != nil {`,
		`if err := error(nil); err != nil {`, "TestExactlySoMany/^ProveRecovery .password.$/sqlite", false},
	{"the app's code works again", "servicing/factor.go", "return tx.StepAuthenticator(f, step, now)", "return tx.UseAuthenticator(f, step-step, now)", "TestWhatWorksOnce/^a code of the app/sqlite", true},
	{"a saved code works again", "store/access.go", "AND kind = 'saved_code' AND ended_at = 0", "AND kind = 'saved_code'", "TestWhatWorksOnce/^a saved code/sqlite", false},
	{"a sent code works again", "store/access.go", "AND hash = $3 AND used_at = 0", "AND hash = $3", "TestWhatWorksOnce/^a code of recovery/sqlite", false},
	{"a run ends again and again", "store/access.go", "SET state = 'done' WHERE token_hash = $1 AND state <> 'done'`)", "SET state = 'done' WHERE token_hash = $1`)", "TestWhatWorksOnce/^the button/postgres", false},
	{"another code gives new tries", "servicing/code.go", "\t\ttx.InsertCode(row)\n", "\t\ttx.InsertCode(row)\n\t\tforgiveIn(tx, \"code\", a.purpose+a.binding)\n",
		"TestAnotherCode/sqlite", true},
	{"each spelling has a count", "servicing/signin.go", "\t\tlane = login.Owner\n", "\t\tlane = name\n", "TestSpellings/somebody/sqlite", false},
	{"a stranger's guesses are the owner's", "servicing/signin.go", `lane, known = lane+" "+d.ID, true`, `lane, known = lane, true`,
		"TestAStrangers/sqlite", false},
	{"a session is made for a locked login", "servicing/session.go", "\tif login.Locked != 0 {\n\t\treturn \"\", errLocked\n", "\tif login.Locked < 0 {\n\t\treturn \"\", errLocked\n",
		"TestALockedLogin/^ProveSignIn$/sqlite", true},
	{"the lock is looked at when a session is made, and not before", "servicing/signin.go", "\tif login.Locked != 0 {", "\tif login.Locked < 0 {", "TestALockedLogin/^SignIn$/sqlite", false},
	{"a factor is bound to a locked login", "servicing/factor.go", "\tif login.Locked != 0 {\n\t\treturn nil, errLocked", "\tif login.Locked < 0 {\n\t\treturn nil, errLocked",
		"TestALockedLogin/^FinishApp/sqlite", false},
	{"a locked login's password is a proof", "servicing/recovery.go", "err == nil && login.Locked == 0 {", "err == nil {", "TestALockedLogin/^ChangePassword$/sqlite", false},
	{"a recovery ends without enough", "servicing/recovery.go", "out.Enough = r.Enough && f.Owner != \"\"", "out.Enough, r.Enough = f.Owner != \"\", true",
		"TestNoWayBack/password/sqlite", false},
	{"a recovery's last step looks at nothing", "identity/recovery.go", "\t\tcase issued && (possession || !h.strong()):\n", "\t\tcase issued:\n", "TestNoWayBack/password/sqlite", true},
	{"the page says by which way a code came", "servicing/recovery.go", "proof = by.proof() // the code that was typed decides what was shown", "_ = by", "TestACodeIsTheProofOfItsOwnWay/sqlite", false},
	{"a new address is good for a recovery at once", "servicing/recovery.go", "\t\tif fresh {\n", "\t\tif fresh && false {\n", "TestAnAddressIsNot/sqlite", false},
	{"a recovery signs in", "servicing/recovery.go", "scope: identity.ScopeRestore, level: 1", "scope: identity.ScopeFull, level: 2", "TestASessionToBind/sqlite", true},
	{"a session to restore is raised by confirming", "servicing/factor.go", "if actor.Standing.May(identity.ActSessions, 0) != identity.Allowed {", "if false {", "TestASessionToBind/sqlite", true},
	{"a session to enrol reads", "identity/standing.go", "case s.Scope == ScopeEnrol || s.Scope == ScopeRestore:", "case s.Scope == ScopeRestore:", "TestASessionToBind/sqlite", false},
	{"a second factor is fresh for good", "identity/standing.go", "now < s.FactorAt.Add(FreshFor)", "true", "TestWhatIsSensitive/sqlite", true},
	{"the clock that goes back makes a factor fresh", "identity/standing.go", "s.FactorAt > 0 && s.FactorAt <= now &&", "s.FactorAt > 0 &&", "TestWhatIsSensitive/sqlite", false},
	{"a bank account asks for nothing", "identity/standing.go", "ActBankAccounts: {fresh: true, held: true},", "ActBankAccounts: {held: true},", "TestWhatIsSensitive/sqlite", false},
	{"a factor is taken away with the password alone", "identity/standing.go", "ActFactors:      {fresh: true, enrol: true},", "ActFactors:      {enrol: true},", "TestWhatIsSensitive/sqlite", false},
	{"a new token is a fresh factor", "servicing/factor.go", "\tif proof != \"\" {\n", "\tif true {\n", "TestANewToken/sqlite", false},
	{"the token of before lives on", "servicing/session.go", "\tif g.renews != \"\" {\n", "\tif false {\n", "TestEveryLevel/sqlite", false},
	{"a run of one kind is one of another", "store/access.go", "FROM flow WHERE token_hash = $1 AND kind = $2`", "FROM flow WHERE token_hash = $1 AND kind <> $2 || ' '`", "TestARunIs/sqlite", false},
	{"others stay in after a new password", "servicing/security.go", "if err := s.endAll(tx, owner, actor.Standing.Session, \"password_changed\"); err != nil {", "if err := error(nil); err != nil {",
		"TestAChangeOf/^a new password$/sqlite", false},
	{"devices are trusted after a new factor", "servicing/bind.go", "if err := s.endAll(tx, a.Owner, open.ID, \"factor_added\"); err != nil {",
		"if tx.EndSessions(a.Owner, open.ID, \"factor_added\", now); err != nil {", "TestAChangeOf/^a new app$/sqlite", false},
	{"others stay in after another number for the codes", "servicing/profile.go", "if err := s.endAll(tx, actor.String(), actor.Standing.Session, \"factor_added\"); err != nil {", "if err := error(nil); err != nil {",
		"TestAChangeOf/^another number/sqlite", false},
	{"an address is confirmed in another session", "servicing/profile.go", "if c.Made != 0 || c.Session != actor.Standing.Session {\n\t\t\treturn ErrNotFound", "if c.Made != 0 {\n\t\t\treturn ErrNotFound",
		"TestAnAddressIsNot/sqlite", true},
	{"a passkey's answer is good again", "servicing/factor.go", "\t\tif err == nil && !first {\n", "\t\tif err == nil && !first && false {\n", "TestAPasskeysAnswer/sqlite/^the same answer again$", false},
	{"a passkey's answer is good for any question", "servicing/factor.go", "\"page:\"+purpose+\":\"+binding", "\"page\"",
		"TestAPasskeysAnswer/sqlite/^asked", false},
	{"a passkey alone without a check of the person", "servicing/factor.go", "\tif !res.UV {\n", "\tif false {\n", "TestAPasskeysAnswer/sqlite/^a key that did not check the person, alone$", false},
	{"another's passkey", "servicing/factor.go", "|| owner != \"\" && key.Owner != owner {", "{", "TestAPasskeysAnswer/sqlite/^another's key in this one's recovery$", false},
	{"a counter that goes back is not looked at", "servicing/factor.go", "identity.Facts{CounterBack: res.CountWentBack}, true, 0, src)", "identity.Facts{}, true, 0, src)", "TestACounterThat/sqlite", false},
	{"nobody is counted by the run", "servicing/code.go", "\tcase a.name != \"\":\n", "\tcase false:\n", "TestNobodyIsAnswered/sqlite", false},
	{"nobody is counted by a spelling that is looked up otherwise", "servicing/signin.go", "string(r.kind)+\" \"+identity.NormalName(name), false", "string(r.kind)+\" \"+identity.CanonicalName(name), false",
		"TestNobodyIsAnswered/sqlite", false},
	{"nobody takes less of the database", "servicing/code.go", "\t\tcaps = [][2]string{{\"text_source\", source}, {\"text_account\", a.whose()},\n",
		"\t\tcaps = caps[:0]\n\t\tif a.owner == \"\" {\n\t\t\treturn nil\n\t\t}\n\t\tcaps = [][2]string{{\"text_source\", source}, {\"text_account\", a.whose()},\n",
		"TestNobodyTakes/sqlite", false},
	{"a number gets as many as are asked for", "servicing/code.go", "{\"text_number\", number + a.way()}, ", "{\"text_number\", number + a.binding}, ", "TestMessagesHave/^to one number/sqlite", false},
	{"a day has no end of texts", "servicing/attempt.go", "stop: 20000}", "stop: 0}", "TestMessagesHave/^in all$/sqlite", false},
	{"nobody uses up the day's texts", "servicing/code.go", "number, part, all := \"nobody \"+a.binding, \"nobody \"+a.binding, \"nobody \"+a.binding\n", "number, part, all := \"nobody \"+a.binding, \"nobody \"+a.binding, \"\"\n",
		"TestNobodyUses/sqlite", false},
	{"a password is cut at 72 bytes", "identity/hashing.go", "mac.Write([]byte(normal(password)))", "mac.Write([]byte(normal(password)[:min(72, len(normal(password)))]))", "TestPasswordsThat/sqlite", false},
	{"a password may be anything", "identity/passwords.go", "\tcase common(p):\n", "\tcase false:\n", "TestPasswordsThat/sqlite", false},
	{"one address is told", "servicing/watch.go", "\tif person.Phone != \"\" && n.Kind.ByText() {\n", "\tif false {\n", "TestAllAddresses/^a new password$/sqlite", false},
	{"the old address is not told", "servicing/profile.go", "\t\treturn s.alarm(tx, actor.String(), c.ID, n, old)\n", "\t\t_ = old\n\t\treturn s.alarm(tx, actor.String(), c.ID, n)\n", "TestAllAddresses/^a new e-mail address$/sqlite", false},
	{"a message has no button", "servicing/watch.go", "\tn.Link = \"/not-me/\" + string(link)\n", "\t_ = link\n", "TestAllAddresses/^a new app$/sqlite", false},
	{"looking at the button presses it", "servicing/watch.go", "\t\t\tout.Kind = billing.NoticeKind(f.Goal)\n", "\t\t\tout.Kind = billing.NoticeKind(f.Goal)\n\t\t\ttx.EndFlows(f.Owner, \"not_me\")\n\t\t\terr = tx.Flush()\n",
		"TestAButton/sqlite", false},
	{"the button ends nothing", "servicing/watch.go", "if err := s.endAll(tx, owner, \"\", \"locked\"); err != nil {", "if err := error(nil); err != nil {", "TestAButton/sqlite", false},
	{"a trusted device stands for the second step anywhere", "servicing/signin.go", "case trusted && seen.decision == identity.Allow &&", "case trusted &&", "TestUnusual/^a remembered device that cannot/sqlite", false},
	{"what became worse is not held", "servicing/signin.go", "if seen.decision == identity.HoldChanges || seen.decision == identity.Refuse {", "if seen.decision == identity.HoldChanges {", "TestUnusual/^and the second step wrong/sqlite", false},
	{"an unusual sign-in is told in what is undone", "servicing/signin.go", "return out, errUnusual, s.alarm(", "return out, nil, errUnusual\n\t\treturn out, errUnusual, s.alarm(", "TestUnusual/^a place that tries/sqlite", false},
	{"answers are a proof before any other", "servicing/recovery.go", "out.Enough = r.Enough && f.Owner != \"\"", "out.Enough = (r.Enough || out.Proofs.Has(identity.ProofQuestions)) && f.Owner != \"\"", "TestQuestions/sqlite", false},
	{"answers are guessed at for good", "servicing/questions.go", "if err := s.attempt(ctx, \"questions\", whose); err != nil {", "if err := error(nil); err != nil {", "TestQuestions/sqlite", false},
	{"a ciphertext is good anywhere", "store/keys.go", "[]byte(place))", "nil)", "TestACiphertext/^the seed/sqlite", false},
	{"a seed is kept in clear", "store/access.go", "tx.later(insertAuthenticator, a.ID, a.Owner, a.Kind, a.Name, secret,", "tx.later(insertAuthenticator, a.ID, a.Owner, a.Kind, a.Name+\" \"+a.Secret, secret,", "TestNoSecret/sqlite", false},
	{"a password stands in the audit trail", "servicing/security.go", "s.auditAccess(tx, owner, \"password_changed\", \"\")", "s.auditAccess(tx, owner, \"password_changed\", next)", "TestNoSecret/sqlite", false},
	{"a token stands in the audit trail", "servicing/session.go", "s.auditAccess(tx, g.owner, \"sign_in\", ", "s.auditAccess(tx, g.owner, \"sign_in \"+token, ", "TestNoSecret/sqlite", false},
}

// everyRow is set by the build tag broken.
var everyRow bool

// A test that cannot fail shows nothing: each of these programs must be noticed.
// Those whose harm is greatest are looked at each time, all by `make broken`.
func TestBrokenProgramsAreNoticed(t *testing.T) {
	root := got(filepath.Abs(".."))(t)
	cache := filepath.Join(got(os.UserCacheDir())(t), "marque", "broken") // the same each time, so that compiling is remembered
	must(t, os.MkdirAll(cache, 0o700))
	together := &wrongProgram{name: filepath.Join(cache, "all"), texts: map[string]string{}}
	programs := make([]*wrongProgram, len(brokens))
	for i, b := range brokens {
		file := filepath.Join(root, filepath.FromSlash(b.file))
		text := string(got(os.ReadFile(file))(t))
		switch {
		case !strings.Contains(text, b.old):
			t.Errorf("%s: %s has changed, and has no %q", b.name, b.file, b.old)
		case !b.first && !everyRow:
		case together.canSwitch(t, i, file, text, b):
			programs[i] = together
		default:
			programs[i] = &wrongProgram{name: filepath.Join(cache, fmt.Sprintf("%02d", i)), texts: map[string]string{file: strings.ReplaceAll(text, b.old, b.new)}}
		}
	}
	tries := "-test.count=1"
	if everyRow {
		tries = "-test.count=3"
	}
	for i, b := range brokens {
		if programs[i] == nil {
			continue
		}
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			test := exec.Command(programs[i].build(t), tries, "-test.timeout=3m", "-test.run", b.run)
			test.Env = append(os.Environ(), fmt.Sprintf("%s=%d", wrongRow, i))
			out, err := test.CombinedOutput()
			var exit *exec.ExitError
			switch said := string(out); {
			case err == nil:
				t.Errorf("not noticed by %s:\n%s", b.run, said)
			case !errors.As(err, &exit) || strings.Contains(said, "panic:") || !strings.Contains(said, "--- FAIL: Test"):
				t.Errorf("%s did not fail as a test does: %v\n%s", b.run, err, said)
			}
		})
	}
}
