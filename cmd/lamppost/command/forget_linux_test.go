package command

import (
	"os"
	"strings"
	"testing"
)

func TestOwnPages(t *testing.T) {
	const file = "/usr/local/bin/lamppost (new)"
	for line, want := range map[string]bool{
		"00400000-00d06000 r-xp 00000000 fe:00 5309 /usr/local/bin/lamppost (new)": true,
		"00d06000-01500000 r--p 00906000 fe:00 5309 /usr/local/bin/lamppost (new)": true,
		"01500000-01580000 rw-p 01100000 fe:00 5309 /usr/local/bin/lamppost (new)": false, // its variables
		"01500000-01580000 r--s 01100000 fe:00 5309 /usr/local/bin/lamppost (new)": false,
		"7f0000000000-7f0000021000 r-xp 00000000 00:00 0 [vdso]":                   false,
		"c000000000-c000400000 rw-p 00000000 00:00 0":                              false,
		"00d06000-00400000 r--p 00906000 fe:00 5309 /usr/local/bin/lamppost (new)": false,
		"nonsense r--p 00906000 fe:00 5309 /usr/local/bin/lamppost (new)":          false,
		"00400000-00d06000 r-xp 00000000 fe:00 5309 /usr/local/bin/lamppost":       false,
		"7f0000000000-7f0000021000 r-xp 00000000 fe:00 77 /usr/lib/libc.so.6":      false,
		"": false,
	} {
		if _, _, ok := ownPages(line, file); ok != want {
			t.Errorf("%q: %v, want %v", line, ok, want)
		}
	}
}

// The program goes on as if nothing had happened.
func TestForgetProgram(t *testing.T) {
	own, err := os.Readlink("/proc/self/exe")
	if err != nil {
		t.Skip(err)
	}
	before, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for line := range strings.Lines(string(before)) {
		if _, _, ok := ownPages(strings.TrimSuffix(line, "\n"), own); ok {
			found++
		}
	}
	if found == 0 {
		t.Errorf("no pages of %s in\n%s", own, before)
	}
	for range 3 {
		forgetProgram()
		if got := strings.Repeat(thriftWord(), 2); got != "goes ongoes on" {
			t.Fatal(got)
		}
	}
}

//go:noinline
func thriftWord() string { return "goes on" }
