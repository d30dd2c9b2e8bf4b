package action

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// Whatever this package says of an output is known in Chinese: each sentence in the sources
// of what decides is looked up, with something in the place of its verbs.
func TestEveryDetailIsKnownInChinese(t *testing.T) {
	verbs, sentences := regexp.MustCompile(`%[a-z]`), 0
	for _, name := range []string{"asks.go", "machine.go", "watched.go", "wired.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.FromSlash(name), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if _, is := n.(*ast.ImportSpec); is {
				return false
			}
			lit, is := n.(*ast.BasicLit)
			if !is || lit.Kind != token.STRING {
				return true
			}
			en, _ := strconv.Unquote(lit.Value)
			en = strings.ReplaceAll(en, "%s; try again in %v", "it stays off for 5m0s; try again in 4s")
			if en = verbs.ReplaceAllString(en, "3"); strings.Count(en, " ") < 2 {
				return true
			}
			sentences++
			for _, behind := range map[string][]string{"its interlock is ": {"false", "unknown", "true", "unknown: level under maintenance"}, "the feedback says ": {"on", "off", "nothing: it is not known"}}[en] {
				known(t, en+behind)
			}
			if !strings.HasSuffix(en, " ") && en != "nothing: it is not known" {
				known(t, en)
			}
			return true
		})
	}
	if sentences < 10 {
		t.Errorf("only %d sentences were found", sentences)
	}
	known(t, "the hardware did not take off before the gateway ended")
	if got := wire.DetailIn("gpio: line busy", "zh"); got != "gpio: line busy" {
		t.Errorf("what the hardware says is %q", got)
	}
	if got := wire.DetailIn("it was off already", "en"); got != "it was off already" {
		t.Errorf("English is %q", got)
	}
}

func known(t *testing.T, en string) {
	t.Helper()
	zh := wire.DetailIn(en, "zh")
	if zh == en || !strings.ContainsFunc(zh, func(r rune) bool { return unicode.Is(unicode.Han, r) }) || strings.Contains(zh, "${") || strings.Contains(zh, "it stays") {
		t.Errorf("%q in Chinese is %q", en, zh)
	}
}
