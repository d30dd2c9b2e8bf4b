package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/lamppost-city/lamppost"

// check reads one source file, named by its path below the module's root, and
// says what it does that the rules forbid, each with file and line.
func check(name string, src []byte) (wrong []string) {
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, name, src, parser.SkipObjectResolution)
	if err != nil {
		return []string{err.Error()}
	}
	fail := func(at token.Pos, format string, args ...any) {
		p := files.Position(at)
		wrong = append(wrong, fmt.Sprintf("%s:%d: ", p.Filename, p.Line)+fmt.Sprintf(format, args...))
	}
	if slices.Contains(emptyNames, strings.TrimSuffix(f.Name.Name, "_test")) {
		fail(f.Name.Pos(), "package %s: the name says nothing; name it after what it provides", f.Name.Name)
	}
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
			fail(fn.Pos(), "func init: what exists would depend on what is imported; call a function from main")
		}
	}
	for _, spec := range f.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil || imported != module && !strings.HasPrefix(imported, module+"/") {
			continue
		}
		if why := forbidden(name, strings.TrimPrefix(strings.TrimPrefix(imported, module), "/")); why != "" {
			fail(spec.Pos(), "%s", why)
		}
	}
	return wrong
}

// forbidden says why a file must not import the package in a folder; empty: it
// may.
func forbidden(file, imported string) string {
	dir, test := path.Dir(file), strings.HasSuffix(file, "_test.go")
	r, known := ruleFor(dir, rules)
	may := r.may
	if t, ok := ruleFor(dir, testRules); ok && test {
		may = append(slices.Clone(may), t.may...)
	}
	fits := func(pattern string) bool { return within(imported, pattern) }
	switch {
	case !known:
		return fmt.Sprintf("%s has no place on the map: add a rule for it", dir)
	case !test && slices.Contains(onlyInTests, imported) && !slices.Contains(onlyInTests, dir):
		return fmt.Sprintf("%s must not import %s: it is for tests", dir, imported)
	case job(dir) == job(imported) || slices.ContainsFunc(may, fits):
		return ""
	default:
		return fmt.Sprintf("%s must not import %s: %s", dir, imported, r.why)
	}
}

// job is the part of the system that a folder belongs to: edge/poll, drivers/bus.
// The contract package drivers is nobody's own.
func job(dir string) string {
	parts := strings.SplitN(dir, "/", 3)
	return strings.Join(parts[:min(2, len(parts))], "/")
}

// sources calls visit with every Go file of the module, by its path below root.
func sources(root string, visit func(name string, src []byte)) error {
	return filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			skip := p != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules")
			if skip {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(p, ".go") {
			return nil
		}
		src, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, p)
		visit(filepath.ToSlash(name), src)
		return err
	})
}

func TestSourcesKeepToTheMap(t *testing.T) {
	n := 0
	err := sources("../..", func(name string, src []byte) {
		n++
		for _, w := range check(name, src) {
			t.Error(w)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if n < 20 {
		t.Errorf("only %d sources were read; is the root right?", n)
	}
}

// Without this a check that finds nothing would look like a tidy house.
func TestCheckFindsWhatIsForbidden(t *testing.T) {
	imports := func(p string) string { return "package p\n\nimport _ \"" + module + "/" + p + "\"\n" }
	for _, c := range []struct{ file, src, want string }{
		{"drivers/drivers.go", imports("drivers/obs"), ""},
		{"drivers/drivers.go", imports("drivers/frame"), "drivers/drivers.go:3: drivers must not import drivers/frame"},
		{"drivers/pms5003/pms5003.go", imports("drivers"), ""},
		{"drivers/pms5003/pms5003.go", imports("drivers/frame"), ""},
		{"drivers/pms5003/pms5003.go", imports("drivers/a02yyuw"), "not another driver"},
		{"drivers/modbus/profile.go", imports("drivers/profile"), ""},
		{"drivers/profile/folder.go", imports("drivers/modbus"), "not another driver"},
		{"drivers/pms5003/pms5003.go", imports("drivers/bus/serial"), "not the line's owner"},
		{"drivers/pms5003/pms5003.go", imports("edge/wire"), "drivers/pms5003 must not import edge/wire"},
		{"drivers/pms5003/pms5003_test.go", imports("edge/wire"), "drivers/pms5003 must not import edge/wire"},
		{"drivers/pms5003/pms5003_test.go", imports("firmware-configs"), ""},
		{"drivers/pms5003/pms5003.go", imports("drivers/drivertest"), "it is for tests"},
		{"drivers/pms5003/pms5003_test.go", imports("drivers/drivertest"), ""},
		{"drivers/obs/obs.go", imports("drivers"), "everything else stands on the vocabulary"},
		{"drivers/bus/serial/port.go", imports("drivers/bus/line"), ""},
		{"drivers/drivertest/run.go", imports("firmware-configs"), ""},
		{"drivers/drivertest/run.go", imports("drivers/camera"), "the kit knows drivers by their contract"},
		{"drivers/catalog/catalog.go", imports("drivers/camera"), ""},
		{"drivers/catalog/catalog.go", imports("firmware-configs"), "it lists the drivers"},
		{"edge/poll/poll.go", imports("drivers"), ""},
		{"edge/poll/poll.go", imports("edge/wire"), ""},
		{"edge/poll/poll.go", imports("edge/journal"), "jobs meet through values"},
		{"edge/poll/poll_test.go", imports("edge/journal"), ""},
		{"edge/poll/poll_test.go", imports("cloud/store"), "edge/poll must not import cloud/store"},
		{"edge/journal/read.go", imports("drivers/obs"), "knows no observation"},
		{"edge/journal/read.go", imports("edge/journal/segment"), ""},
		{"edge/rule/eval.go", imports("drivers"), "an evaluator sees"},
		{"edge/gateway/run.go", imports("edge/journal"), ""},
		{"edge/gateway/run.go", imports("cloud/store"), "knows no cloud"},
		{"cloud/ingest/ingest.go", imports("edge/wire"), ""},
		{"cloud/ingest/ingest.go", imports("edge/poll"), "wire, journal and uplink"},
		{"cloud/ingest/ingest.go", imports("drivers"), "wire, journal and uplink"},
		{"cloud/ingest/ingest.go", imports("cloud/fleet"), "only cloud/aggregator composes them"},
		{"cloud/aggregator/run.go", imports("cloud/fleet"), ""},
		{"firmware-configs/configs.go", imports("drivers/obs"), "it is data"},
		{"firmware-configs/configs_test.go", imports("drivers/obs"), ""},
		{"cmd/lamppost/main.go", imports("edge/gateway"), ""},
		{"tools/x.go", imports("edge/wire"), "tools has no place on the map"},
		{"edge/poll/util.go", "package util\n", "edge/poll/util.go:1: package util"},
		{"edge/poll/h_test.go", "package helpers_test\n", "package helpers_test"},
		{"edge/poll/x.go", "package poll\n\nfunc init() {}\n", "edge/poll/x.go:3: func init"},
		{"edge/poll/x.go", "package poll\n\ntype t int\n\nfunc (t) init() {}\n", ""},
		{"edge/poll/x.go", "package poll\nfunc {\n", "edge/poll/x.go:2:6"},
	} {
		got := strings.Join(check(c.file, []byte(c.src)), "\n")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s with %q gives %q, want %q", c.file, c.src, got, c.want)
		}
	}
}
