package words

import (
	"fmt"
	"strings"
	"testing"
)

func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		`{{.Severity}} {{.Text}}`: "", `{{if and .Place (eq .Kind "raised")}}x{{else}}y{{end}}`: "", `{{with .State}}{{.}}{{end}}`: "", "": "",
		`{{range .Text}}x{{end}}`: "not known here", `{{printf "%99999999d" 1}}`: "not known here", `{{.Nothing}}`: "Nothing", `{{template "x"}}`: "not known here",
		`{{define "x"}}{{end}}`: "define", `{{$x := .Text}}{{$x}}`: "not known here", `{{html .Text}}`: "not known here", `{{.Text`: "unclosed action",
		`{{index .Text 0}}`: "not known here", `{{slice .Text 1}}`: "not known here", `{{call .Text}}`: "not known here", `{{break}}`: "break",
	} {
		_, err := Parse(text, []string{text})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q) = %v, want %q", text, err, want)
		}
	}
	w, err := Parse(`{{.Text}}`, []string{`{{if .Place}}at {{.Place}}{{end}}`, `{{.Time}}`})
	if err != nil {
		t.Fatal(err)
	}
	title, lines := w.Say(Fields{Text: "river", Time: "now"})
	if title != "river" || fmt.Sprint(lines) != "[now]" {
		t.Errorf("%q %q", title, lines)
	}
}

// Whatever a template is, it is refused or gives a bounded text.
func FuzzWords(f *testing.F) {
	for _, s := range []string{`{{.Severity}} {{.Text}}`, `{{if .Place}}x{{end}}`, `{{range 9999999}}x{{end}}`, `{{printf "%d" 1}}`, `{{define "a"}}{{template "a"}}{{end}}`} {
		f.Add(s, "水位")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		w, err := Parse(text, nil)
		if err != nil {
			return
		}
		if title, _ := w.Say(Fields{Text: value, Place: value}); len(title) > max(maxOutput, len(value)) {
			t.Errorf("%d bytes of %q", len(title), text)
		}
	})
}
