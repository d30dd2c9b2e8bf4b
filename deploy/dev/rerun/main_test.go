package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const crash = `SIGSEGV: segmentation violation
PC=0x41bce9 m=0 sigcode=1 addr=0x0

goroutine 0 gp=0x7d3420 m=0 mp=0x7d4420 [idle, synctest bubble 1]:
rip    0x41c729
`

func TestAgain(t *testing.T) {
	const ok = "ok  \texample.com/a\t1.2s\n?   \texample.com/b\t[no test files]\n"
	const c, d = "FAIL\nFAIL\texample.com/c\t3.1s\n", "FAIL\nFAIL\texample.com/d\t3.1s\n"
	test := func(name string) string {
		return "--- FAIL: " + name + " (0.00s)\n    --- FAIL: " + name + "/sub (0.00s)\n"
	}
	for name, k := range map[string]struct {
		output string
		want   string // "": nothing is run again
	}{
		"all is well":          {ok, ""},
		"the detector":         {ok + crash + c + ok + "FAIL\n", "-count=1 example.com/c"},
		"two of them":          {crash + c + crash + d + "FAIL\n", "-count=1 example.com/c; -count=1 example.com/d"},
		"a test":               {ok + test("TestX") + c, "-count=1 -run=^(TestX)$ example.com/c"},
		"tests":                {test("TestX") + test("TestY") + c + ok + test("TestZ") + d, "-count=1 -run=^(TestX|TestY)$ example.com/c; -count=1 -run=^(TestZ)$ example.com/d"},
		"a test told twice":    {test("TestX") + test("TestX") + c, "-count=1 -run=^(TestX)$ example.com/c"},
		"a test beside it":     {crash + c + test("TestX") + d, "-count=1 example.com/c; -count=1 -run=^(TestX)$ example.com/d"},
		"a fuzz target's seed": {test("FuzzX") + c, "-count=1 -run=^(FuzzX)$ example.com/c"},
		"too many":             {test("TestW") + test("TestX") + c + test("TestY") + test("TestZ") + d, ""},
		"a race":               {"WARNING: DATA RACE\n" + test("TestX") + c, ""},
		"a race in a log":      {"    x_test.go:3: WARNING: DATA RACE\n" + test("TestX") + c, ""},
		"a race before it":     {"WARNING: DATA RACE\n" + crash + c, ""},
		"a panic":              {test("TestX") + "panic: x [recovered]\n" + c, ""},
		"a time-out":           {"panic: test timed out after 15m0s\n" + c, ""},
		"a crash of something": {strings.ReplaceAll(crash, ", synctest bubble 1", "") + c, ""},
		"it does not build":    {"FAIL\texample.com/c [build failed]\n", ""},
		"one does not build":   {test("TestX") + c + "FAIL\texample.com/d [build failed]\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			todo, may := again(k.output)
			var got []string
			for _, f := range todo {
				got = append(got, strings.Join(f.args(), " "))
			}
			if !may {
				got = nil
			}
			if strings.Join(got, "; ") != k.want {
				t.Errorf("again %q, want %q", got, k.want)
			}
		})
	}
}

// tester writes a program that stands for go: it says what the files 1, 2, … hold and
// fails for those that end with FAIL.
func tester(t *testing.T, says ...string) []string {
	t.Helper()
	dir := t.TempDir()
	for i, text := range says {
		if err := os.WriteFile(filepath.Join(dir, string(rune('1'+i))), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	script := `cd "$0"; for n in 1 2 3; do [ -e $n ] && break; done; echo "$@" >> asked; cat $n; tail -n 1 $n | grep -q FAIL && code=1; rm $n; exit ${code:-0}`
	return []string{"sh", "-c", script, dir, "-race", "-timeout", "35m"}
}

func TestRunAgain(t *testing.T) {
	const asked = "-race -timeout 35m ./a ./b\n"
	const crashed, good = crash + "FAIL\texample.com/c\t3.1s\nFAIL\n", "ok  \texample.com/c\t3.1s\n"
	const failed, once = "--- FAIL: TestX (0.00s)\nFAIL\nFAIL\texample.com/c\t3.1s\nFAIL\n", "-race -timeout 35m -count=1 -run=^(TestX)$ example.com/c\n"
	for name, c := range map[string]struct {
		says  []string
		code  int
		asked string
		last  string
	}{
		"good":                 {[]string{good}, 0, asked, good},
		"the detector":         {[]string{crashed, good}, 0, asked + "-race -timeout 35m -count=1 example.com/c\n", "FAILED ONCE, passed by itself: example.com/c, in which the race detector crashed (golang/go#78156)\n"},
		"the detector, twice":  {[]string{crashed, crashed, good}, 1, asked + "-race -timeout 35m -count=1 example.com/c\n", crashed},
		"a test":               {[]string{failed, good}, 0, asked + once, "FAILED ONCE, passed by itself: example.com/c TestX\n"},
		"a test, twice":        {[]string{failed, failed, good}, 1, asked + once, failed},
		"what is not repeated": {[]string{"panic: x\n" + failed, good}, 1, asked, failed},
	} {
		t.Run(name, func(t *testing.T) {
			command := append(tester(t, c.says...), "./a", "./b")
			var out, wrong bytes.Buffer
			if got := run(command, &out, &wrong); got != c.code {
				t.Errorf("exit code %d, want %d\n%s%s", got, c.code, &out, &wrong)
			}
			if !strings.HasSuffix(out.String(), c.last) {
				t.Errorf("the end of it is not %q:\n%s", c.last, &out)
			}
			asked, err := os.ReadFile(filepath.Join(command[3], "asked"))
			if err != nil || string(asked) != c.asked {
				t.Errorf("asked %q (%v), want %q", asked, err, c.asked)
			}
		})
	}
}
