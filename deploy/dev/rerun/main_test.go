package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const crash = `SIGSEGV: segmentation violation
PC=0x41bce9 m=0 sigcode=1 addr=0x0

goroutine 0 gp=0x7d3420 m=0 mp=0x7d4420 [idle, synctest bubble 1]:
rip    0x41c729
`

func TestCrashed(t *testing.T) {
	const ok = "ok  \texample.com/a\t1.2s\n?   \texample.com/b\t[no test files]\n"
	for name, c := range map[string]struct {
		output string
		want   []string
		only   bool
	}{
		"all is well":          {ok, nil, false},
		"the detector":         {ok + crash + "FAIL\texample.com/c\t3.1s\n" + ok + "FAIL\n", []string{"example.com/c"}, true},
		"two of them":          {crash + "FAIL\texample.com/c\t3.1s\n" + crash + "FAIL\texample.com/d\t3.1s\nFAIL\n", []string{"example.com/c", "example.com/d"}, true},
		"a test":               {"--- FAIL: TestX (0.00s)\nFAIL\nFAIL\texample.com/c\t3.1s\nFAIL\n", nil, false},
		"a test beside it":     {crash + "FAIL\texample.com/c\t3.1s\n--- FAIL: TestX (0.00s)\nFAIL\nFAIL\texample.com/d\t3.1s\n", []string{"example.com/c"}, false},
		"a test before it":     {"--- FAIL: TestX (0.00s)\n" + crash + "FAIL\texample.com/c\t3.1s\n", nil, false},
		"a race before it":     {"WARNING: DATA RACE\n" + crash + "FAIL\texample.com/c\t3.1s\n", nil, false},
		"a panic in a bubble":  {"panic: x [recovered]\n[signal SIGSEGV: segmentation violation code=1]\ngoroutine 5 [running, synctest bubble 1]:\nFAIL\texample.com/c\t3.1s\n", nil, false},
		"a crash of something": {strings.ReplaceAll(crash, ", synctest bubble 1", "") + "FAIL\texample.com/c\t3.1s\n", nil, false},
		"it does not build":    {"FAIL\texample.com/c [build failed]\n", nil, false},
		"one does not build":   {crash + "FAIL\texample.com/c\t3.1s\nFAIL\texample.com/d [build failed]\n", []string{"example.com/c"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got, only := crashed(c.output); !slices.Equal(got, c.want) || only != c.only {
				t.Errorf("crashed %q, nothing else %v; want %q, %v", got, only, c.want, c.only)
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
	const failed, good = crash + "FAIL\texample.com/c\t3.1s\nFAIL\n", "ok  \texample.com/c\t3.1s\n"
	for name, c := range map[string]struct {
		says  []string
		code  int
		asked string
	}{
		"good":              {[]string{good}, 0, "-race -timeout 35m ./a ./b\n"},
		"once":              {[]string{failed, good}, 0, "-race -timeout 35m ./a ./b\n-race -timeout 35m example.com/c\n"},
		"twice":             {[]string{failed, failed, good}, 1, "-race -timeout 35m ./a ./b\n-race -timeout 35m example.com/c\n"},
		"for other reasons": {[]string{"--- FAIL: TestX\nFAIL\texample.com/c\t3.1s\nFAIL\n", good}, 1, "-race -timeout 35m ./a ./b\n"},
	} {
		t.Run(name, func(t *testing.T) {
			command := append(tester(t, c.says...), "./a", "./b")
			var out, wrong bytes.Buffer
			if got := run(command, &out, &wrong); got != c.code {
				t.Errorf("exit code %d, want %d\n%s%s", got, c.code, &out, &wrong)
			}
			asked, err := os.ReadFile(filepath.Join(command[3], "asked"))
			if err != nil || string(asked) != c.asked {
				t.Errorf("asked %q (%v), want %q", asked, err, c.asked)
			}
		})
	}
}
