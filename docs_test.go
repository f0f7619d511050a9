package marque_test

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

var (
	namedTest  = regexp.MustCompile("`([a-z]+)\\.(Test[A-Za-z0-9]+)`")
	namedStory = regexp.MustCompile(`"([^"]+)"`)
)

// Every proof that docs/rules.md names is there: tests by their package, stories
// by how their names begin.
func TestTheProofsOfTheRulesExist(t *testing.T) {
	text, err := os.ReadFile("docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	tests, stories := testNames(t)
	for _, line := range strings.Split(string(text), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) < 6 || strings.HasPrefix(cells[1], "--") || strings.TrimSpace(cells[4]) == "proof" {
			continue
		}
		proof := cells[4]
		if strings.TrimSpace(proof) == "" {
			t.Errorf("no proof: %s", line)
		}
		for _, name := range namedTest.FindAllStringSubmatch(proof, -1) {
			if !tests[name[1]+"."+name[2]] {
				t.Errorf("there is no %s", name[0])
			}
		}
		for _, name := range namedStory.FindAllStringSubmatch(proof, -1) {
			if begins := strings.TrimSpace(strings.TrimSuffix(name[1], "…")); !strings.Contains(stories, "\t\""+begins) && !strings.Contains(stories, "\t{\""+begins) {
				t.Errorf("there is no story %q", name[1])
			}
		}
	}
}

// So is every proof that docs/security.md names, and each of its checks names one.
func TestTheProofsOfSecurityExist(t *testing.T) {
	text, err := os.ReadFile("docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	tests, _ := testNames(t)
	_, checks, _ := strings.Cut(string(text), "| check | proof |\n|---|---|\n")
	rows := strings.Split(strings.TrimSpace(checks), "\n")
	if len(rows) < 20 {
		t.Errorf("only %d checks", len(rows))
	}
	for _, row := range rows {
		proofs := namedTest.FindAllStringSubmatch(row, -1)
		if len(proofs) == 0 {
			t.Errorf("no proof: %s", row)
		}
		for _, name := range proofs {
			if !tests[name[1]+"."+name[2]] {
				t.Errorf("there is no %s", name[0])
			}
		}
	}
}

func testNames(t *testing.T) (tests map[string]bool, stories string) {
	tests = map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func (Test\w+)`)
	pkg := regexp.MustCompile(`(?m)^package (\w+?)(_test)?$`)
	var all strings.Builder
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, "_test.go") {
			return err
		}
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		all.Write(b)
		for _, m := range declared.FindAllSubmatch(b, -1) {
			tests[string(pkg.FindSubmatch(b)[1])+"."+string(m[1])] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return tests, all.String()
}
