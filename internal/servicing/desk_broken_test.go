//go:build broken

package servicing_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// brokenDesk are programs that are wrong in one way each, as others have been. The
// test named must fail on each: a check that cannot fail does not count. Each is
// built anew, so they stand apart: go test -tags broken -run Broken.
var brokenDesk = brokenPrograms{
	"who asked may agree": {"TestNobodyAgreesToWhatTheyAskedFor", []patch{
		{"staff_help.go", `a.AskedBy == actor.String() || ok && staff == actor.ID`, `ok && staff == "nobody"`},
		{"staff_help.go", `s.knownDevice(tx, a.AskedBy, src)`, `s.knownDevice(tx, "staff:nobody", src)`}}},
	"two accounts in one browser are two people": {"TestNobodyAgreesToWhatTheyAskedFor", []patch{
		{"staff_help.go", `s.knownDevice(tx, a.AskedBy, src)`, `s.knownDevice(tx, "staff:nobody", src)`}}},
	"what was agreed to is not what was shown": {"TestARecoveryNeedsTwoPeople", []patch{
		{"staff_help.go", `!identity.Same(hash, approvalHash(a))`, `false`},
		{"staff_help.go", `tx.DecideApproval(id, hash,`, `tx.DecideApproval(id, a.Hash,`}}},
	"a second founder": {"TestOfTwoFoundersOneIsMade", []patch{
		{"staff.go", `Founder: true, Created`, `Founder: false, Created`}}},
	"an invitation works twice": {"TestOfTwoFoundersOneIsMade", []patch{
		{"staff.go", `i.Used != 0 || i.Expires`, `i.Expires`},
		{"staff.go", `		if !used {
			return errInvite
		}
		if _, err := tx.SetStaffState(m.ID, staffActive)`, `		_ = used
		if _, err := tx.SetStaffState(m.ID, staffActive)`}}},
	"an agent unlocks without a check": {"TestAnAgentUnlocksWhoIsVerified", []patch{
		{"staff_caller.go", `	if !ok {
		return refuse("caller_unknown"`, `	if false {
		return refuse("caller_unknown"`}}},
	"a colleague's check is everybody's": {"TestACallersCodeIsGoodForOneAgentOnePurposeAndNothingElse", []patch{
		{"staff_caller.go", `return c.StaffID == actor.ID && c.State`, `return c.State`}}},
	"a view never ends": {"TestAViewHasAReasonAndEndsAndEveryReadIsARow", []patch{
		{"desk.go", `const viewLife = 30 * time.Minute`, `const viewLife = 30 * time.Hour`},
		{"desk.go", `actor.Standing.Session, now.Add(-viewLife))`, `actor.Standing.Session, 0)`}}},
	"a read leaves no row": {"TestAViewHasAReasonAndEndsAndEveryReadIsARow", []patch{
		{"desk.go", `Action: what, Subject: string(customer)`, `Action: what, Subject: ""`}}},
	"a role is enough, whoever has it": {"TestEachRoleDoesWhatTheTableSaysAndNothingElse", []patch{
		{"staff.go", `!actor.IsStaff() || !actor.Role.Has(d) ||`, `!actor.Role.Has(d) ||`}}},
	"staff with one factor": {"TestEachRoleDoesWhatTheTableSaysAndNothingElse", []patch{
		{"staff.go", ` || actor.Standing.Level < 2`, ``}}},
	"staff pass for the customer they name": {"TestNoMemberOfStaffPassesForACustomer", []patch{
		{"profile.go", `actor identity.Actor) (out Profile, err error) {
	who, err := customer(actor)`, `actor identity.Actor) (out Profile, err error) {
	who := actor.ID`}}},
	"any code opens any door": {"TestACallersCodeIsGoodForOneAgentOnePurposeAndNothingElse", []patch{
		{"code.go", `a.purpose+" "+a.binding+" "+code`, `code`},
		{"../store/access.go", `WHERE purpose = $1 AND binding = $2 AND hash = $3 AND used_at = 0`, `WHERE $1 <> '' AND $2 <> '' AND hash = $3 AND used_at = 0`}}},
	"disabled, and let in": {"TestADisabledColleagueIsOutAtOnceAndAChangedRoleCounts", []patch{
		{"staff.go", `m.State != staffActive`, `m.State == "gone"`},
		{"staff.go", `s.closeStaff(tx, staff, "disabled")`, `error(nil)`}}},
	"a code in a message signs staff in": {"TestStaffComeInWithAnAppAndNeverWithAMessage", []patch{
		{"bind.go", `	if actor.Kind == identity.KindStaff {
		return "", ErrForbidden`, `	if false {
		return "", ErrForbidden`}}},
	"questions alone": {"TestQuestionsAreAGateBesideACodeAndNothingAlone", []patch{
		{"staff_caller.go", `s.passed(tx, actor, string(c.ID), false, purpose); err != nil || !ok`, `s.passed(tx, actor, string(c.ID), false, purpose); err != nil && !ok`}}},
}

// patch replaces what stands once in a file.
type patch struct{ file, was, is string }

// brokenPrograms are wrong programs by what is wrong with them, each with the test
// that must fail.
type brokenPrograms map[string]struct {
	test    string
	patches []patch
}

func TestBrokenDesksAreFound(t *testing.T) { brokenDesk.areFound(t) }

func (all brokenPrograms) areFound(t *testing.T) {
	for what, b := range all {
		t.Run(what, func(t *testing.T) {
			overlay := struct{ Replace map[string]string }{map[string]string{}}
			texts := map[string]string{}
			for _, p := range b.patches {
				name := got(filepath.Abs(p.file))(t)
				if texts[name] == "" {
					texts[name] = string(got(os.ReadFile(name))(t))
				}
				if strings.Count(texts[name], p.was) != 1 {
					t.Fatalf("%s does not hold %q once", p.file, p.was)
				}
				texts[name] = strings.Replace(texts[name], p.was, p.is, 1)
			}
			dir := t.TempDir()
			for name, text := range texts {
				overlay.Replace[name] = filepath.Join(dir, strings.ReplaceAll(name, string(filepath.Separator), "_"))
				must(t, os.WriteFile(overlay.Replace[name], []byte(text), 0o600))
			}
			list := filepath.Join(dir, "overlay.json")
			must(t, os.WriteFile(list, got(json.Marshal(overlay))(t), 0o600))
			out, err := exec.Command("go", "test", "-overlay", list, "-vet=off", "-count=1", "-timeout", "120s", "-run", "^"+b.test+"$", "-skip", "postgres", ".").CombinedOutput()
			if err == nil || !strings.Contains(string(out), "--- FAIL: "+b.test) {
				t.Errorf("%s does not find it: %v\n%s", b.test, err, out)
			}
		})
	}
}
