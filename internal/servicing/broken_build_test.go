package servicing_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// wrongRow names, to a program that is wrong in several ways, the one in which it
// is wrong this time.
const wrongRow = "MARQUE_WRONG_ROW"

// wrongProgram is a test binary with something wrong in what it tests, built when
// it is first needed. Compiling takes longer than noticing, so the functions that
// are wrong are put beside the right ones, which hand over to them when they are
// told to: any number of rows are one program.
type wrongProgram struct {
	name  string
	texts map[string]string // files as they are overlaid
	once  sync.Once
	err   error
}

func (w *wrongProgram) build(t *testing.T) (binary string) {
	t.Helper()
	w.once.Do(func() {
		overlay := map[string]string{}
		for file, text := range w.texts {
			wrong := fmt.Sprintf("%s-%s-%s", w.name, filepath.Base(filepath.Dir(file)), filepath.Base(file))
			if w.err = os.WriteFile(wrong, []byte(text), 0o600); w.err != nil {
				return
			}
			overlay[file] = wrong
		}
		list, err := json.Marshal(map[string]any{"Replace": overlay})
		if err == nil {
			err = os.WriteFile(w.name+".json", list, 0o600)
		}
		if w.err = err; err != nil {
			return
		}
		if out, err := exec.Command("go", "test", "-c", "-o", w.name+".test", "-vet=off", "-overlay", w.name+".json", ".").CombinedOutput(); err != nil {
			w.err = fmt.Errorf("%w\n%s", err, out)
		}
	})
	must(t, w.err)
	return w.name + ".test"
}

// canSwitch takes a row in when all that it changes is inside functions.
func (w *wrongProgram) canSwitch(t *testing.T, row int, file, text string, b broken) bool {
	t.Helper()
	files := token.NewFileSet()
	tree := got(parser.ParseFile(files, file, text, parser.SkipObjectResolution))(t)
	at := func(p token.Pos) int { return files.Position(p).Offset }
	has, copies := w.texts[file], ""
	if has == "" {
		has = text
	}
	changed := 0
	for _, d := range tree.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Body == nil {
			continue
		}
		head, body := text[at(f.Pos()):at(f.Body.Lbrace)], text[at(f.Body.Lbrace):at(f.End())]
		n := strings.Count(body, b.old)
		if n == 0 {
			continue
		}
		call, ok := wrongCall(f, fmt.Sprintf("%sWrong%d", f.Name.Name, row))
		if !ok {
			return false
		}
		changed += n
		name := at(f.Name.Pos()) - at(f.Pos())
		copies += fmt.Sprintf("\n%s%sWrong%d%s%s\n", head[:name], f.Name.Name, row, head[name+len(f.Name.Name):], strings.ReplaceAll(body, b.old, b.new))
		if strings.Count(has, head+"{") != 1 {
			return false
		}
		has = strings.Replace(has, head+"{", fmt.Sprintf("%s{\nif wrongRow == \"%d\" {\n%s\n}\n", head, row, call), 1)
	}
	if changed == 0 || changed != strings.Count(text, b.old) {
		return false
	}
	w.texts[file] = has + copies
	w.texts[filepath.Join(filepath.Dir(file), "wrong_row.go")] = fmt.Sprintf("package %s\n\nimport \"os\"\n\nvar wrongRow = os.Getenv(%q)\n", tree.Name.Name, wrongRow)
	return true
}

// wrongCall hands over to the function that is wrong.
func wrongCall(f *ast.FuncDecl, name string) (string, bool) {
	if f.Type.TypeParams != nil || f.Name.Name == "init" {
		return "", false
	}
	if f.Recv != nil {
		if len(f.Recv.List[0].Names) == 0 {
			return "", false
		}
		name = f.Recv.List[0].Names[0].Name + "." + name
	}
	var args []string
	for _, p := range f.Type.Params.List {
		if len(p.Names) == 0 {
			return "", false
		}
		for _, n := range p.Names {
			arg := n.Name
			if arg == "_" {
				return "", false
			}
			if _, variadic := p.Type.(*ast.Ellipsis); variadic {
				arg += "..."
			}
			args = append(args, arg)
		}
	}
	call := fmt.Sprintf("%s(%s)", name, strings.Join(args, ", "))
	if f.Type.Results == nil {
		return call + "\nreturn", true
	}
	return "return " + call, true
}
