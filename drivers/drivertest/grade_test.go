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

// A grade is what the folder holds, and no more.
func TestGrade(t *testing.T) {
	for _, c := range []struct {
		name       string
		files      map[string]string
		grade, why string
	}{
		{"nothing", nil, bronze, "0 golden frames, 0 tapes"},
		{"frames", map[string]string{"a.frame": "x", "b.frame": "y"}, bronze, "2 golden frames"},
		{"a tape with every fault", map[string]string{"a.tape": toyTape}, silver, "1 tapes of a real part"},
		{"made up", map[string]string{"a.tape": strings.Replace(toyTape, "by: Li", "by: constructed by Li", 1)}, bronze, "0 tapes"},
		{"nobody's program", map[string]string{"a.tape": strings.Replace(toyTape, "software: lamppost 1.4.0\n", "", 1)}, bronze, "0 tapes"},
		{"a fault is not shown", map[string]string{"a.tape": strings.ReplaceAll(toyTape, "checksum", "timeout")}, bronze, "checksum or protocol or exception"},
		{"in the field", map[string]string{"a.tape": toyTape, "field.yaml": toyField}, gold, "since 2026-03-02: bridge 07 (Li Wei)"},
		{"not long in the field", map[string]string{"a.tape": toyTape, "field.yaml": strings.Replace(toyField, "06-01", "04-01", 1)}, silver, ""},
		{"in the field without a tape", map[string]string{"field.yaml": toyField}, bronze, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := gather(folder(t, c.files))
			if err != nil {
				t.Fatal(err)
			}
			if grade, why := e.grade(drivers.ModbusUnit); grade != c.grade || !strings.Contains(why, c.why) {
				t.Errorf("grade %s (%s), want %s (%s)", grade, why, c.grade, c.why)
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
	e, err := gather(folder(t, map[string]string{"a.tape": toyTape}))
	if err != nil {
		t.Fatal(err)
	}
	if grade, _ := e.grade(drivers.HTTPHost); grade != bronze {
		t.Errorf("a driver over HTTP, which cannot be recorded, is %s", grade)
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
		"Source: x. Grade: bronze.":  "",
		"Source: x. Grade:\nbronze.": "",
		"Source: x. Grade: silver.":  "what its folder holds is worth bronze",
		"Source: x.":                 "does not say its grade",
	} {
		err := claims(drivers.Kind{Readme: readme}, bronze)
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
