package lifecycle

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// in returns the text in a language.
func in(zh bool, t view.Text) string {
	if zh {
		return t.Zh
	}
	return t.En
}

// severityText is how severities are written for people.
var severityText = map[wire.Severity]view.Text{
	wire.Red: {Zh: "Ⅰ级(红)", En: "Ⅰ red"}, wire.Orange: {Zh: "Ⅱ级(橙)", En: "Ⅱ orange"},
	wire.Yellow: {Zh: "Ⅲ级(黄)", En: "Ⅲ yellow"}, wire.Blue: {Zh: "Ⅳ级(蓝)", En: "Ⅳ blue"},
}

// transitions prints the table as Markdown.
func transitions(zh bool) string {
	var b strings.Builder
	list := func(n int, at func(int) view.Text, none view.Text) string {
		var s []string
		for i := range n {
			s = append(s, in(zh, at(i)))
		}
		if n == 0 {
			return in(zh, none)
		}
		return strings.Join(s, in(zh, view.Text{Zh: "、", En: ", "}))
	}
	b.WriteString(in(zh, view.Text{Zh: "| 操作 | 从 | 到 | 谁 | 级别 | 必填 | 条件 |\n", En: "| action | from | to | who | severity | needs | only if |\n"}))
	b.WriteString("| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, r := range table {
		from := list(len(r.from), func(i int) view.Text { return r.from[i].Label() }, view.Text{})
		if slices.Equal(r.from, open) {
			from = in(zh, view.Text{Zh: "未办结", En: "any that is open"})
		} else if slices.Equal(r.from, always) {
			from = in(zh, view.Text{Zh: "任何", En: "any"})
		}
		who := list(len(r.who), func(i int) view.Text { return r.who[i].Label() }, view.Text{})
		sev := list(len(r.severities), func(i int) view.Text { return severityText[r.severities[i]] }, view.Text{Zh: "全部", En: "all"})
		if r.peak {
			sev += in(zh, view.Text{Zh: "（按最高时）", En: " (at its highest)"})
		}
		var needs []string
		for _, n := range r.needs {
			needs = append(needs, "`"+n.field+"`")
		}
		guards := []string{}
		for _, g := range r.guards {
			guards = append(guards, in(zh, g.text))
		}
		fmt.Fprintf(&b, "| `%s` %s | %s | %s | %s | %s | %s | %s |\n", r.action, in(zh, r.action.Label()), from,
			list(len(r.to), func(i int) view.Text { return r.to[i].Label() }, view.Text{Zh: "不变", En: "stays"}), who, sev,
			strings.Join(needs, " "), strings.Join(guards, in(zh, view.Text{Zh: "；", En: "; "})))
	}
	return b.String()
}

// deadlines prints the limits that hold where a city says nothing.
func deadlines(zh bool) string {
	var b strings.Builder
	p := DefaultPolicy()
	b.WriteString("| ")
	for _, s := range severities {
		b.WriteString("| " + in(zh, severityText[s]) + " ")
	}
	b.WriteString("|\n| --- | --- | --- | --- | --- |\n")
	for _, s := range steps {
		fmt.Fprintf(&b, "| `%s` %s ", s, in(zh, s.Label()))
		for _, sev := range severities {
			fmt.Fprintf(&b, "| %s ", p.limit(s, "", sev))
		}
		b.WriteString("|\n")
	}
	return b.String()
}

// The page about cases is the code: its tables are printed from it. UPDATE_GOLDEN=1 writes
// them anew.
func TestPageIsTheTable(t *testing.T) {
	for page, zh := range map[string]bool{"../../../docs/cases.md": false, "../../../docs/cases.zh-CN.md": true} {
		src, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		text := string(src)
		for name, want := range map[string]string{"transitions": transitions(zh), "deadlines": deadlines(zh)} {
			begin, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->\n"
			head, rest, found := strings.Cut(text, begin)
			got, tail, ended := strings.Cut(rest, end)
			if !found || !ended {
				t.Fatalf("%s has no place for the %s: %s… %s", page, name, begin, end)
			}
			if got != want && os.Getenv("UPDATE_GOLDEN") == "" {
				t.Errorf("%s: the %s are not those of the code; UPDATE_GOLDEN=1 writes them anew. They are\n%s", page, name, want)
			}
			text = head + begin + want + end + tail
		}
		if os.Getenv("UPDATE_GOLDEN") != "" {
			if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Every word that people read has both languages, and every action has its row and its
// effect.
func TestEveryWordHasBothLanguages(t *testing.T) {
	both := func(what string, x view.Text) {
		t.Helper()
		han := strings.ContainsFunc(x.Zh, func(r rune) bool { return r >= 0x4e00 && r < 0xa000 })
		if x.En == "" || !han || strings.ContainsFunc(x.En, func(r rune) bool { return r >= 0x4e00 && r < 0xa000 }) {
			t.Errorf("%s: %+v", what, x)
		}
	}
	for _, s := range states {
		both(string(s), s.Label())
	}
	for _, r := range roles {
		both(string(r), r.Label())
	}
	for _, s := range steps {
		both(string(s), s.Label())
	}
	rows := map[Action]bool{}
	for _, r := range table {
		rows[r.action] = true
		both(string(r.action), r.action.Label())
		if effects[r.action] == nil {
			t.Errorf("%s has no effect", r.action)
		}
		for _, n := range r.needs {
			both(string(r.action)+" needs "+n.field, n.text)
		}
		for _, g := range r.guards {
			both(string(r.action)+" only if", g.text)
		}
	}
	if len(rows) != len(effects) || len(rows) != len(actionLabels) {
		t.Errorf("%d actions in the table, %d with an effect, %d with a name", len(rows), len(effects), len(actionLabels))
	}
}
