// Package words turns an event into the lines of a message, by templates that a city may
// write itself. A template gives plain text and can neither loop nor call nor grow beyond
// bounds; what values hold is one harmless line each.
package words

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"text/template"
	"text/template/parse"
)

// Words are the templates of one language, in a part of the language of Go's text/template:
// fields of [Fields], if, else, with, comparisons, and, or, not. They give plain text; each
// channel makes its own markup, and no value can.
type Words struct {
	title *template.Template
	lines []*template.Template
}

// Fields is what a template can show, each one line without markup.
type Fields struct {
	Severity string // Ⅱ级(橙)
	Text     string
	Place    string
	State    string
	Time     string // 2026-11-23 08:15
	Area     string
	Category string
	Kind     string
	Rule     string
	Subject  string
}

const (
	maxTemplate = 2 << 10 // bytes
	maxOutput   = 4 << 10
	maxLines    = 20
)

// allowed are the functions that a template may call. What Go has beside them can format
// without bound, or escapes for other places than ours.
var allowed = []string{"and", "or", "not", "eq", "ne", "len"}

// Parse reads the templates of a title and of the lines below it. An error names
// "title" or "line 2", says what is wrong, and what can be written.
func Parse(title string, lines []string) (*Words, error) {
	w := &Words{}
	var err error
	if w.title, err = one(title); err != nil {
		return nil, fmt.Errorf("title: %w", err)
	}
	if len(lines) > maxLines {
		return nil, fmt.Errorf("%d lines; write at most %d", len(lines), maxLines)
	}
	for i, l := range lines {
		t, err := one(l)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		w.lines = append(w.lines, t)
	}
	return w, nil
}

func one(text string) (*template.Template, error) {
	if len(text) > maxTemplate {
		return nil, fmt.Errorf("it has %d bytes; write at most %d", len(text), maxTemplate)
	}
	t, err := template.New("text").Parse(text)
	if err != nil {
		return nil, err
	}
	if len(t.Templates()) > 1 {
		return nil, errors.New("define and block are not known here; write fields and conditions")
	}
	if t.Tree == nil {
		return t, nil // an empty text
	}
	if err := judge(t.Root); err != nil {
		return nil, err
	}
	_, err = expand(t, Fields{})
	return t, err
}

// judge refuses what a template must not do: loop, call, include.
func judge(n parse.Node) error {
	switch n := n.(type) {
	case nil, *parse.TextNode, *parse.CommentNode, *parse.FieldNode, *parse.DotNode, *parse.StringNode, *parse.NumberNode, *parse.BoolNode:
		return nil
	case *parse.ListNode:
		if n == nil {
			return nil
		}
		return judgeAll(n.Nodes)
	case *parse.ActionNode:
		return judge(n.Pipe)
	case *parse.IfNode:
		return judgeAll([]parse.Node{n.Pipe, n.List, n.ElseList})
	case *parse.WithNode:
		return judgeAll([]parse.Node{n.Pipe, n.List, n.ElseList})
	case *parse.PipeNode:
		if len(n.Decl) > 0 {
			break
		}
		for _, c := range n.Cmds {
			if err := judgeAll(c.Args); err != nil {
				return err
			}
		}
		return nil
	case *parse.IdentifierNode:
		if slices.Contains(allowed, n.Ident) {
			return nil
		}
	}
	return fmt.Errorf("%s is not known here; write fields like {{.Text}} and conditions like {{if .Place}}…{{end}}", n)
}

func judgeAll(all []parse.Node) error {
	for _, n := range all {
		if err := judge(n); err != nil {
			return err
		}
	}
	return nil
}

// bounded takes so many bytes and no more.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxOutput {
		return 0, fmt.Errorf("the text is longer than %d bytes", maxOutput)
	}
	return b.Buffer.Write(p)
}

func expand(t *template.Template, f Fields) (string, error) {
	if t.Tree == nil {
		return "", nil
	}
	var b bounded
	if err := t.Execute(&b, f); err != nil {
		return "", err
	}
	return b.String(), nil
}

// Say returns title and lines of an event; lines that come out empty are left out. A
// template that fails on these values, by its length, gives the text itself.
func (w *Words) Say(f Fields) (title string, lines []string) {
	title, err := expand(w.title, f)
	if err != nil || title == "" {
		title = f.Text
	}
	for _, t := range w.lines {
		if l, err := expand(t, f); err == nil && l != "" {
			lines = append(lines, l)
		}
	}
	return title, lines
}

// Default returns the words without a configuration, in zh or en.
func Default(lang string) (*Words, error) {
	if lang == "en" {
		return Parse(`{{.Severity}} {{.Text}}`, []string{`{{if .Place}}Where: {{.Place}}{{end}}`, `{{if .State}}State: {{.State}}{{end}}`, `Time: {{.Time}}`})
	}
	return Parse(`{{.Severity}} {{.Text}}`, []string{`{{if .Place}}地点：{{.Place}}{{end}}`, `{{if .State}}状态：{{.State}}{{end}}`, `时间：{{.Time}}`})
}

// Severity is a level's name in zh or en; empty for one that is none.
func Severity(lang, level string) string { return severities[lang][level] }

var severities = map[string]map[string]string{
	"zh": {"red": "Ⅰ级(红)", "orange": "Ⅱ级(橙)", "yellow": "Ⅲ级(黄)", "blue": "Ⅳ级(蓝)"},
	"en": {"red": "Ⅰ Red", "orange": "Ⅱ Orange", "yellow": "Ⅲ Yellow", "blue": "Ⅳ Blue"},
}
