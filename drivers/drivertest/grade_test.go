package drivertest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/lamppost-city/lamppost/drivers"
)

// toyTape is a tape of the toy part on Modbus, with the outcomes of its samples.
const toyTape = `lamppost tape 1
driver: toy
wire: modbus
framing: rtu
part: Toy 1
by: Li Wei, bench 2
at: 2026-03-02T08:14:00Z
software: lamppost 1.4.0

0.000000 ?
0.001000 > 01 04 00 01 00 02 20 0B
0.030000 < 01 04 04 00 7B 00 00 8B 9D
0.031000 = temp=12.3 rh=50
2.000000 ?
2.001000 ! timeout
2.002000 = fault timeout
3.000000 ?
3.001000 ! checksum
3.002000 = fault checksum
4.000000 ?
4.001000 ! unplugged
4.002000 = fault unplugged
`

const toyField = "field: [{who: Li Wei, where: bridge 07, since: 2026-03-02, seen: 2026-06-01}]\n"

// complete is a page with all sections.
const complete = "# toy\n\n## Wiring\n\n## Options\n\n## Channels\n\n## Warm-up and limits\n\n## What each fault looks like\n"

const fuzzTest = "package toy\n\nimport \"testing\"\n\nfunc FuzzFrame(f *testing.F) {}\n"

// What is known is what the folder holds, and no more.
func TestKnown(t *testing.T) {
	simulated := strings.Replace(toyTape, "by: Li", "by: simulated by Li", 1)
	for _, c := range []struct {
		name         string
		readme       string
		answers      int
		files        map[string]string
		level, known string
		why          string
	}{
		{"nothing", "", 0, nil, bronze, notYet, `no section "Wiring"`},
		{"a page", complete, 2, nil, bronze, notYet, "3 answers"},
		{"a page and answers", complete, 9, nil, bronze, notYet, "no fuzz target"},
		{"no tapes", complete, 9, map[string]string{"../toy_test.go": fuzzTest}, silver, notYet, "which are to show a good sample"},
		{"a fault is not shown", complete, 9, map[string]string{"../toy_test.go": fuzzTest, "a.tape": strings.ReplaceAll(toyTape, "checksum", "timeout")},
			silver, notYet, "checksum or protocol or exception"},
		{"a simulated tape", complete, 9, map[string]string{"../toy_test.go": fuzzTest, "a.tape": simulated}, gold, notYet, "9 answers, 1 tapes"},
		{"nobody's program", complete, 9, map[string]string{"../toy_test.go": fuzzTest, "a.tape": strings.Replace(toyTape, "software: lamppost 1.4.0\n", "", 1)}, gold, notYet, ""},
		{"a tape of the part", complete, 9, map[string]string{"../toy_test.go": fuzzTest, "a.tape": toyTape}, gold, recorded, ""},
		{"a tape alone", "", 0, map[string]string{"a.tape": toyTape}, bronze, recorded, ""},
		{"in the field", complete, 9, map[string]string{"../toy_test.go": fuzzTest, "a.tape": toyTape, "field.yaml": toyField}, gold, inField, ""},
		{"not long in the field", complete, 9, map[string]string{"a.tape": toyTape, "field.yaml": strings.Replace(toyField, "06-01", "04-01", 1)}, bronze, recorded, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := gather(folder(t, c.files))
			if err != nil {
				t.Fatal(err)
			}
			level, why := e.conformance(drivers.Kind{Wire: drivers.ModbusUnit, Readme: c.readme}, c.answers)
			if known, _ := e.realPart(drivers.ModbusUnit); level != c.level || known != c.known || !strings.Contains(why, c.why) {
				t.Errorf("%s (%s), on a real part %s; want %s (%s), %s", level, why, known, c.level, c.why, c.known)
			}
		})
	}
	for _, wrong := range []map[string]string{
		{"a.tape": "no tape"}, {"field.yaml": "field: [{who: x, where: y, since: March, seen: 2026-06-01}]"}, {"field.yaml": "field: [{who: x}]"},
	} {
		if e, err := gather(folder(t, wrong)); err == nil {
			t.Errorf("%v is taken: %+v", wrong, e)
		}
	}
	e := evidence{fuzzed: true}
	if level, _ := e.conformance(drivers.Kind{Wire: drivers.HTTPHost, Readme: complete}, 9); level != silver {
		t.Errorf("a driver over HTTP, which cannot be recorded, is %s", level)
	}
	if level, why := (evidence{}).conformance(drivers.Kind{Wire: drivers.InputLine, Readme: complete}, 9); level != silver {
		t.Errorf("a driver that decodes nothing is %s (%s)", level, why)
	}
}

// folder makes a driver's folder with these files in testdata.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "testdata"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, "testdata", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestClaims(t *testing.T) {
	for readme, want := range map[string]string{
		"Source: x. Conformance: bronze. On a real part: not yet.":    "",
		"Source: x. Conformance:\nbronze. On a\nreal part: not\nyet.": "",
		"Source: x. Conformance: silver. On a real part: not yet.":    "what its folder holds is worth bronze",
		"Source: x. Conformance: bronze. On a real part: recorded.":   "what its folder holds says: not yet",
		"Source: x. Conformance: bronze.":                             "does not say how well it is known",
		"Source: x.":                                                  "does not say how well it is known",
	} {
		err := claims(drivers.Kind{Readme: readme}, bronze, notYet)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", readme, err, want)
		}
	}
}

// A tape is a test of the driver: each sample must come out as it did.
func TestTapes(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"", "", ""},
		{"temp=12.3", "temp=12.4", "temp"},
		{"driver: toy", "driver: tow", "recorded with the driver tow"},
		{"framing: rtu\n", "framing: rtu\noptions: {scale: 99}\n", "write 0.1 to 10"},
		{"00 01 00 02 20 0B", "00 01 00 03 E1 CB", "the driver asks"},
	} {
		e, err := gather(folder(t, map[string]string{"a.tape": strings.Replace(toyTape, c.from, c.to, 1)}))
		if err != nil {
			t.Fatal(err)
		}
		synctest.Test(t, func(t *testing.T) {
			err = toyBench(t, drivers.ModbusUnit, flaws{}).tape(t.Context(), e.tapes[0])
		})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%q for %q: %v, want %q", c.to, c.from, err, c.want)
		}
	}
}
