package aggregator_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// word is a cell of the table as a page has it.
func (r *right) word(mark byte, zh bool) string {
	words := map[byte][2]string{anyone: {"yes", "可"}, inArea: {"area", "本区域"}, everyone: {"everywhere", "全域"}, never: {"-", "-"}}[mark]
	if mark == inArea && r.hidden == fromTheList {
		words = [2]string{"cut", "只列本区域"}
	}
	if zh {
		return words[1]
	}
	return words[0]
}

// rightsTable prints the table of rights as Markdown.
func rightsTable(zh bool) string {
	var b strings.Builder
	head := "| route | viewer | operator | dispatcher | engineer | integrator | admin | token | audit log |\n"
	if zh {
		head = "| 接口 | viewer | operator | dispatcher | engineer | integrator | admin | 令牌 | 审计日志 |\n"
	}
	b.WriteString(head + "| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, r := range rights {
		about := r.about
		if about != "" {
			about = " " + about
		}
		fmt.Fprintf(&b, "| `%s %s`%s ", r.method, r.path, about)
		for i := range r.who {
			b.WriteString("| " + r.word(r.who[i], zh) + " ")
		}
		tokens := byte(anyone)
		if r.person || strings.Trim(r.who[:len(r.who)-1], "-") == "" { // there is no token of an admin
			tokens = never
		}
		deed := r.deed
		if deed != "" {
			deed = "`" + deed + "`"
		}
		fmt.Fprintf(&b, "| %s | %s |\n", r.word(tokens, zh), deed)
	}
	return b.String()
}

// The pages about accounts have the table that is asked. UPDATE_GOLDEN=1 writes it anew.
func TestRightsPage(t *testing.T) {
	for page, zh := range map[string]bool{"../../docs/accounts.md": false, "../../docs/accounts.zh-CN.md": true} {
		src, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		const begin, end = "<!-- rights -->\n", "<!-- /rights -->\n"
		head, rest, found := strings.Cut(string(src), begin)
		got, tail, ended := strings.Cut(rest, end)
		want := rightsTable(zh)
		if !found || !ended {
			t.Fatalf("%s has no place for the table of rights: %s… %s", page, begin, end)
		}
		if got == want {
			continue
		}
		if os.Getenv("UPDATE_GOLDEN") == "" {
			t.Errorf("%s: its table of rights is not the one that is asked; UPDATE_GOLDEN=1 writes it anew", page)
			continue
		}
		if err := os.WriteFile(page, []byte(head+begin+want+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
