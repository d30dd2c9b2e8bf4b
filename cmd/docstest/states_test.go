package docstest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// stateRow is a row of the table of states: state, letter, what tells it, what it tells.
var stateRow = regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\| ([A-Z]) \\| (.*) \\| (.*) \\|$")

var quoted = regexp.MustCompile("`([^`]+)`")

// The table of states on the field engineers' pages is what the program does, both ways,
// and leaves nothing out that says something of an instrument.
func TestStatesAndLetters(t *testing.T) {
	for _, page := range []string{"docs/field-engineers.md", "docs/field-engineers.zh-CN.md"} {
		told := map[string]obs.State{} // by reason or fault
		var order []obs.State
		for _, m := range stateRow.FindAllStringSubmatch(read(t, page), -1) {
			state := obs.State(m[1])
			order = append(order, state)
			if letter, ok := obs.Sign(obs.HJ2122017, state); !ok || letter != m[2] {
				t.Errorf("%s: %s is %s, the program says %q", page, state, m[2], letter)
			}
			for _, w := range quoted.FindAllStringSubmatch(m[3], -1) {
				told[w[1]] = state
			}
			checkRead(t, page, m[2], m[4])
		}
		if len(order) != 10 {
			t.Fatalf("%s: %d states", page, len(order))
		}
		for i, s := range order[1:] {
			if got := obs.Gravest(order[i], s); got != s {
				t.Errorf("%s: %s stands below %s, and is less grave", page, s, order[i])
			}
		}
		checkTold(t, page, told)
		checkExceptions(t, page)
	}
}

// checkRead compares what a row says of a value that bears the letter.
func checkRead(t *testing.T, page, letter, says string) {
	t.Helper()
	state, q, _ := obs.ReadSign(obs.HJ2122017, letter)
	want := q.Flag.String() + ": " + string(q.Why)
	if words := quoted.FindAllStringSubmatch(says, -1); len(words) == 1 {
		if other := words[0][1]; other != want && other != string(state) {
			t.Errorf("%s: a value with %s is %s, the program says %s, %s", page, letter, other, state, want)
		}
	} else if q != (obs.Quality{}) {
		t.Errorf("%s: a value with %s is %q, the program says %s", page, letter, says, want)
	}
}

// checkTold compares what tells a state with the program, for every reason and fault that
// it knows.
func checkTold(t *testing.T, page string, told map[string]obs.State) {
	t.Helper()
	words := regexp.MustCompile(`Reason = "([a-z-]+)"`).FindAllStringSubmatch(read(t, "drivers/obs/obs.go"), -1)
	words = append(words, regexp.MustCompile(`Err[A-Za-z]+, "([a-z-]+)"`).FindAllStringSubmatch(read(t, "drivers/drivers.go"), -1)...)
	words = append(words, []string{"", "error"})
	if len(words) < 30 {
		t.Fatalf("%d reasons and faults found", len(words))
	}
	for _, w := range words {
		want := obs.StateOf(obs.Quality{Flag: obs.Missing, Why: obs.Reason(w[1])})
		if got := told[w[1]]; got != want && (got != "" || want != obs.StateOK) {
			t.Errorf("%s: %s tells %q, the program says %s", page, w[1], got, want)
		}
	}
	if told["fail: range"] != obs.StateOf(obs.Quality{Flag: obs.Fail, Why: obs.Range}) {
		t.Errorf("%s: fail: range tells %q", page, told["fail: range"])
	}
}

// checkExceptions compares the Modbus exceptions that the page names.
func checkExceptions(t *testing.T, page string) {
	t.Helper()
	said := regexp.MustCompile("`(0x0[0-9A-F])`[^`]*`(0x0[0-9A-F])`[^`]*`(fault|no-answer)`").FindAllStringSubmatch(read(t, page), -1)
	if len(said) != 2 {
		t.Fatalf("%s names %d pairs of exceptions", page, len(said))
	}
	for code := range uint8(0x20) {
		want := obs.StateOK
		for _, m := range said {
			if slices.Contains(m[1:3], fmt.Sprintf("0x%02X", code)) {
				want = obs.State(m[3])
			}
		}
		if got := obs.ExceptionState(code); got != want {
			t.Errorf("%s: exception %d is %s, the program says %s", page, code, want, got)
		}
	}
	if !strings.Contains(read(t, page), "lamppost read hall --json") {
		t.Errorf("%s does not say where to see it", page)
	}
}
