package command

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// wordsSite is a site with the streams that the examples speak of.
const wordsSite = `gateway: {id: g}
journal: {dir: .}
buses:
  plant: {tcp: "192.168.1.20:502"}
devices:
  river: {profile: keller-36xw, bus: plant, address: 3, every: 5s}
  canal: {profile: keller-36xw, bus: plant, address: 4, every: 5s}
  street: {profile: sm7901b, bus: plant, address: 5, every: 5s}
`

// checked is what lamppost check says of a file with these rules.
func checked(t *testing.T, rules string) (out string, code int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "gateway.yaml")
	must(t, os.WriteFile(file, []byte(wordsSite+rules), 0o600))
	out, errs, code := lamppost(t.Context(), "check", "--lang", "en", file)
	return out + errs, code
}

// Each example of the page is a good rule, nothing of it is doubted, and no function is
// without one.
func TestConditionWords(t *testing.T) {
	var rules strings.Builder
	all := ""
	for i, w := range conditionWords {
		rules.WriteString("  r" + string(rune('a'+i)) + ": {when: \"" + w.example + "\", severity: blue}\n")
		all += " " + w.example
		if !hasChinese(w.zh) || w.en == "" || hasChinese(w.en) {
			t.Errorf("%s is told as %q and %q", w.example, w.en, w.zh)
		}
	}
	if out, code := checked(t, "rules:\n"+rules.String()); code != exitOK || strings.Contains(out, "W31") {
		t.Errorf("exit %d: %s", code, out)
	}
	out, code := checked(t, "rules:\n  r: {when: \"zzzzzzzz(river.level) > 1\", severity: blue}\n")
	known := regexp.MustCompile(`known: (.*)`).FindStringSubmatch(out)
	if code == exitOK || known == nil {
		t.Fatalf("exit %d, no list of functions: %s", code, out)
	}
	for _, name := range strings.Split(known[1], ", ") {
		if !strings.Contains(all, name+"(") {
			t.Errorf("the page has no example of %s", name)
		}
	}
}

// The rule with levels and a forecast is one, and each of its keys is explained.
func TestConditionExample(t *testing.T) {
	if out, code := checked(t, conditionExample); code != exitOK || strings.Contains(out, "W31") {
		t.Errorf("exit %d: %s", code, out)
	}
	for _, page := range []string{conditionsTail, conditionsTailZh} {
		for _, key := range []string{"`for`", "`clear_for`", "`hold`", "`levels`", "`forecast`", "`within`", "`window`", "`method`", "`severity`", "`message`", "`use`"} {
			if !strings.Contains(page, strings.Trim(key, "`")) {
				t.Errorf("%s is not explained in %.40q", key, page)
			}
		}
	}
}

// The page's tests of a derived stream pass, and every one of them fails where its
// expectation is turned round.
func TestTestsSample(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, os.WriteFile("gateway.yaml", []byte(wordsSite+derivedSample), 0o600))
	must(t, os.WriteFile("calm.test.yaml", []byte(testsSample), 0o600))
	if out, errs, code := lamppost(t.Context(), "rules", "test", "calm.test.yaml"); code != exitOK || !strings.Contains(out, "3 tests, all pass") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	turned := strings.NewReplacer("expect: {}", "expect: {1m: orange}", "orange}", "red}", "1m: orange", "1m: red").Replace(testsSample)
	must(t, os.WriteFile("calm.test.yaml", []byte(turned), 0o600))
	if out, _, code := lamppost(t.Context(), "rules", "test", "calm.test.yaml"); code != exitFindings || !strings.Contains(out, "3 FAILED") {
		t.Errorf("turned round: exit %d: %s", code, out)
	}
}
