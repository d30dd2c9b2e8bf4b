package docstest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/cloud/auth/role"
)

const root = "../.."

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// The two READMEs say the same: as many headings of each level in the same
// order, the same commands and examples, the same links.
func TestReadmesAreInStep(t *testing.T) {
	en, zh := read(t, "README.md"), read(t, "README.zh-CN.md")
	same := func(what string, a, b []string) {
		t.Helper()
		if len(a) == 0 {
			t.Errorf("README.md has no %s; the test is looking for the wrong thing", what)
		}
		if !slices.Equal(a, b) {
			t.Errorf("the %s differ:\n  README.md        %q\n  README.zh-CN.md  %q", what, a, b)
		}
	}
	same("heading levels", levels(en), levels(zh))
	same("sh blocks", blocks(en, "sh"), blocks(zh, "sh"))
	same("yaml blocks", blocks(en, "yaml"), blocks(zh, "yaml"))
	swap := strings.NewReplacer(".zh-CN.md", ".md")
	le, lz := links(en), links(zh)
	for i := range min(len(le), len(lz)) {
		le[i], lz[i] = swap.Replace(le[i]), swap.Replace(lz[i])
	}
	same("links", le, lz)
	same("inline commands", commands(en), commands(zh))
}

// The field engineers' page says the same in both languages: headings, points,
// table rows, examples and commands. What follows # is for people, and translated.
func TestFieldEngineersPagesAreInStep(t *testing.T) {
	const enPage, zhPage = "docs/field-engineers.md", "docs/field-engineers.zh-CN.md"
	en, zh := read(t, enPage), read(t, zhPage)
	same := func(what string, a, b []string) {
		t.Helper()
		if len(a) == 0 || !slices.Equal(a, b) {
			t.Errorf("the %s differ, or there are none:\n  %s  %q\n  %s  %q", what, enPage, a, zhPage, b)
		}
	}
	same("heading levels", levels(en), levels(zh))
	for _, lang := range []string{"sh", "yaml"} {
		same(lang+" blocks", withoutComments(blocks(en, lang)), withoutComments(blocks(zh, lang)))
	}
	same("inline commands", commands(en), commands(zh))
	same("kinds of lines", shape(en), shape(zh))
	if !strings.Contains(read(t, "README.zh-CN.md"), "(docs/field-engineers.zh-CN.md)") {
		t.Errorf("README.zh-CN.md does not lead to %s", zhPage)
	}
}

// The operations center's page as well.
func TestOperationsCenterPagesAreInStep(t *testing.T) {
	const enPage, zhPage = "docs/operations-center.md", "docs/operations-center.zh-CN.md"
	en, zh := read(t, enPage), read(t, zhPage)
	for what, of := range map[string]func(string) []string{
		"heading levels": levels, "inline commands": commands, "kinds of lines": shape,
		"sh blocks":   func(md string) []string { return withoutComments(blocks(md, "sh")) },
		"yaml blocks": func(md string) []string { return withoutComments(blocks(md, "yaml")) },
	} {
		if a, b := of(en), of(zh); len(a) == 0 || !slices.Equal(a, b) {
			t.Errorf("the %s differ, or there are none:\n  %s  %q\n  %s  %q", what, enPage, a, zhPage, b)
		}
	}
	if !strings.Contains(read(t, "README.zh-CN.md"), "(docs/operations-center.zh-CN.md)") {
		t.Errorf("README.zh-CN.md does not lead to %s", zhPage)
	}
}

// The page about areas as well; its examples and what they print are the same.
func TestAreasPagesAreInStep(t *testing.T) {
	const enPage, zhPage = "docs/areas.md", "docs/areas.zh-CN.md"
	en, zh := read(t, enPage), read(t, zhPage)
	fenced := func(md string) []string { return regexp.MustCompile("(?s)```.*?\n```").FindAllString(md, -1) }
	for what, of := range map[string]func(string) []string{
		"heading levels": levels, "kinds of lines": shape, "examples": fenced,
	} {
		if a, b := of(en), of(zh); len(a) == 0 || !slices.Equal(a, b) {
			t.Errorf("the %s differ, or there are none:\n  %s  %q\n  %s  %q", what, enPage, a, zhPage, b)
		}
	}
	for page, link := range map[string]string{"README.md": "(docs/areas.md)", "README.zh-CN.md": "(docs/areas.zh-CN.md)", "docs/operations-center.md": "(areas.md)", "docs/operations-center.zh-CN.md": "(areas.zh-CN.md)"} {
		if !strings.Contains(read(t, page), link) {
			t.Errorf("%s does not lead to %s", page, link)
		}
	}
}

// The page about accounts as well, and its table is the one that the program has.
func TestAccountsPagesAreInStep(t *testing.T) {
	const enPage, zhPage = "docs/accounts.md", "docs/accounts.zh-CN.md"
	en, zh := read(t, enPage), read(t, zhPage)
	fenced := func(md string) []string { return regexp.MustCompile("(?s)```.*?\n```").FindAllString(md, -1) }
	for what, of := range map[string]func(string) []string{"heading levels": levels, "kinds of lines": shape, "examples": fenced} {
		if a, b := of(en), of(zh); len(a) == 0 || !slices.Equal(a, b) {
			t.Errorf("the %s differ, or there are none:\n  %s  %q\n  %s  %q", what, enPage, a, zhPage, b)
		}
	}
	for page, md := range map[string]string{enPage: en, zhPage: zh} {
		told := map[string][]string{}
		for _, row := range regexp.MustCompile("(?m)^\\| .* \\(`([a-z-]+)`\\) \\|(.*)\\|$").FindAllStringSubmatch(md, -1) {
			told[row[1]] = strings.Fields(strings.ReplaceAll(row[2], "|", " "))
		}
		for _, a := range role.Actions() {
			var want []string
			for _, r := range role.All() {
				want = append(want, map[bool]string{true: "yes", false: "-"}[r.May(a)])
			}
			if !slices.Equal(told[string(a)], want) {
				t.Errorf("%s: %s is %v, want %v", page, a, told[string(a)], want)
			}
		}
	}
	for page, link := range map[string]string{"README.md": "(docs/accounts.md)", "README.zh-CN.md": "(docs/accounts.zh-CN.md)"} {
		if !strings.Contains(read(t, page), link) {
			t.Errorf("%s does not lead to %s", page, link)
		}
	}
}

// Who has no part at hand finds the name of each simulated GPIO line on the integrators'
// page, in both languages.
func TestSimulatedLinesAreTold(t *testing.T) {
	names := regexp.MustCompile(`on the line ([A-Z]+)`).FindAllStringSubmatch(read(t, "cmd/lamppost-sim/parts/lab.go"), -1)
	if len(names) < 5 {
		t.Fatalf("only %d lines; the test is looking for the wrong thing", len(names))
	}
	for _, page := range []string{"docs/integrators.md", "docs/integrators.zh-CN.md"} {
		for _, n := range names {
			if !strings.Contains(read(t, page), "`"+n[1]+"`") {
				t.Errorf("%s does not name the line %s", page, n[1])
			}
		}
	}
}

// withoutComments drops what follows # in each line, and the blanks before it.
func withoutComments(blocks []string) (out []string) {
	for _, b := range blocks {
		out = append(out, regexp.MustCompile(`(?m)[ ]*#.*$`).ReplaceAllString(b, ""))
	}
	return out
}

// shape is the order of headings, points and table rows of a page; of a table row,
// how many cells it has.
func shape(md string) (out []string) {
	for line := range strings.Lines(withoutBlocks(md)) {
		switch {
		case strings.HasPrefix(line, "#"):
			out = append(out, "heading")
		case strings.HasPrefix(line, "|"):
			out = append(out, strings.Repeat("|", strings.Count(line, "|")))
		case regexp.MustCompile(`^(-|\d\.) `).MatchString(line):
			out = append(out, line[:2])
		}
	}
	return out
}

var (
	headingRE = regexp.MustCompile(`(?m)^(#+) `)
	linkRE    = regexp.MustCompile(`\]\(([^)]+)\)`)
	inlineRE  = regexp.MustCompile("`((?:make|lamppost)[^`]*)`")
)

func levels(md string) (out []string) {
	for _, m := range headingRE.FindAllStringSubmatch(withoutBlocks(md), -1) {
		out = append(out, m[1])
	}
	return out
}

func links(md string) (out []string) {
	for _, m := range linkRE.FindAllStringSubmatch(withoutBlocks(md), -1) {
		out = append(out, m[1])
	}
	return out
}

func commands(md string) (out []string) {
	for _, m := range inlineRE.FindAllStringSubmatch(withoutBlocks(md), -1) {
		out = append(out, m[1])
	}
	slices.Sort(out) // the order of words in a sentence differs between the languages
	return out
}

func withoutBlocks(md string) string {
	return regexp.MustCompile("(?s)```.*?\n```").ReplaceAllString(md, "")
}

// blocks returns the fenced blocks of one language.
func blocks(md, lang string) (out []string) {
	for _, m := range regexp.MustCompile("(?s)```"+lang+"\n(.*?)```").FindAllStringSubmatch(md, -1) {
		out = append(out, m[1])
	}
	return out
}

// Every relative link on every page leads to something that is in the tree.
func TestLinksLeadSomewhere(t *testing.T) {
	for _, page := range pages(t) {
		for _, l := range links(read(t, page)) {
			target, _, _ := strings.Cut(l, "#")
			if target == "" || strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(page), target)); err != nil {
				t.Errorf("%s links to %s: %v", page, l, err)
			}
		}
	}
}

// pages lists the Markdown pages of the tree.
func pages(t *testing.T) (out []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git" || d.Name() == ".tools" || d.Name() == "dist") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".md") {
			rel, err := filepath.Rel(root, path)
			out = append(out, rel)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
