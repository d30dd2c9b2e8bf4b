package docstest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const guarantees, guaranteesZh = "docs/guarantees.md", "docs/guarantees.zh-CN.md"

var (
	proofRE  = regexp.MustCompile("`((?:edge|cloud|cmd|deploy|drivers)/[a-z0-9/]+)\\.((?:Test|Benchmark|Fuzz)[A-Za-z0-9_]*)`")
	targetRE = regexp.MustCompile("`make ([a-z0-9-]+)`")
	numberRE = regexp.MustCompile(`\d+(?:[. ]\d+)*`)
)

// Every proof that the page names is in the tree.
func TestGuaranteesNameRealProofs(t *testing.T) {
	page, proofs := read(t, guarantees), 0
	for _, m := range proofRE.FindAllStringSubmatch(page, -1) {
		proofs++
		if !slices.Contains(testsIn(t, m[1]), m[2]) {
			t.Errorf("%s names %s.%s, which does not exist", guarantees, m[1], m[2])
		}
	}
	makefile := read(t, "Makefile")
	for _, m := range targetRE.FindAllStringSubmatch(page, -1) {
		if !regexp.MustCompile(`(?m)^` + m[1] + `:`).MatchString(makefile) {
			t.Errorf("%s names make %s, which does not exist", guarantees, m[1])
		}
	}
	if proofs < 40 {
		t.Errorf("%s names only %d tests; the test is looking for the wrong thing", guarantees, proofs)
	}
}

// testsIn returns the names of the tests of a package.
func testsIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
				names = append(names, fn.Name.Name)
			}
		}
	}
	return names
}

// Every promise has a number or a word for it, and a proof.
func TestEveryGuaranteeHasAProof(t *testing.T) {
	promises := 0
	for _, cells := range rows(read(t, guarantees)) {
		if len(cells) != 3 || cells[2] == "proven by" {
			continue // the tables of figures
		}
		promises++
		if cells[1] == "" || !proofRE.MatchString(cells[2]) {
			t.Errorf("no number, or no test, for: %s", cells[0])
		}
	}
	if promises < 20 {
		t.Errorf("only %d promises were found; the test is looking for the wrong thing", promises)
	}
}

// Both languages say the same: the same tables, the same proofs and numbers in
// each row, as many headings and points.
func TestGuaranteesAreInStep(t *testing.T) {
	en, zh := read(t, guarantees), read(t, guaranteesZh)
	a, b := rows(en), rows(zh)
	if len(a) != len(b) {
		t.Fatalf("%d table rows in English, %d in Chinese", len(a), len(b))
	}
	for i := range a {
		if x, y := facts(a[i]), facts(b[i]); !slices.Equal(x, y) {
			t.Errorf("rows differ:\n  %s: %q\n  %s: %q", a[i][0], x, b[i][0], y)
		}
	}
	if x, y := levels(en), levels(zh); !slices.Equal(x, y) {
		t.Errorf("headings: %q and %q", x, y)
	}
	if x, y := strings.Count(en, "\n- "), strings.Count(zh, "\n- "); x != y {
		t.Errorf("%d points in English, %d in Chinese", x, y)
	}
	for _, other := range []string{"README.md", "README.zh-CN.md"} {
		if page := read(t, other); !strings.Contains(page, "docs/guarantees") {
			t.Errorf("%s does not lead to the guarantees", other)
		}
	}
}

// rows returns the cells of every table row but the rules.
func rows(page string) (out [][]string) {
	for line := range strings.Lines(page) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "| ---") || strings.HasPrefix(line, "|---") {
			continue
		}
		var cells []string
		for _, c := range strings.Split(strings.Trim(line, "|"), "|") {
			cells = append(cells, strings.TrimSpace(c))
		}
		out = append(out, cells)
	}
	return out
}

// facts are what a row must say in every language: proofs, commands, numbers.
func facts(cells []string) (out []string) {
	row := strings.Join(cells, " | ")
	code := regexp.MustCompile("`[^`]*`")
	out = append(out, code.FindAllString(row, -1)...)
	bare := code.ReplaceAllString(row, "")
	out = append(out, numberRE.FindAllString(bare, -1)...)
	slices.Sort(out) // sentences are built in another order
	return out
}

// Without this a check that finds nothing would look like two pages in step.
func TestFactsTellRowsApart(t *testing.T) {
	same := facts([]string{"within 10 s, `a.TestB`", "20 000"})
	if !slices.Equal(same, facts([]string{"`a.TestB`：10 s 之内", "20 000"})) {
		t.Errorf("the same row differs: %q", same)
	}
	if slices.Equal(same, facts([]string{"within 11 s, `a.TestB`", "20 000"})) {
		t.Errorf("another number is not seen: %q", same)
	}
	if _, err := os.Stat(filepath.Join(root, guaranteesZh)); err != nil {
		t.Error(err)
	}
}
