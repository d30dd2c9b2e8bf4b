//go:build linux

package process

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

func TestParseStat(t *testing.T) {
	// proc(5): pid (comm) state ppid pgrp session tty tpgid flags minflt cminflt majflt cmajflt utime stime cutime
	// cstime priority nice threads itrealvalue starttime vsize rss …
	const good = "812 (py) (3) x) S 1 812 812 0 -1 4194304 900 0 0 0 7 5 2 1 30 10 1 0 4711 9000000 1500 18446744073709551615 1 1\n"
	if p, ok := parseStat([]byte(good)); !ok || p != (proc{pid: 812, session: 812, ticks: 12, childTicks: 3, pages: 1500, start: 4711}) {
		t.Errorf("parseStat = %+v, %v", p, ok)
	}
	for _, bad := range []string{"", "812", "812 (x", ") (", strings.Replace(good, " S ", " Z ", 1), strings.Replace(good, "4711 9000000 1500", "4711 9000000 x", 1), good[:60]} {
		if p, ok := parseStat([]byte(bad)); ok {
			t.Errorf("parseStat(%q) = %+v", bad, p)
		}
	}
}

// FuzzParseStat: what is found lies in the text, and nothing crashes.
func FuzzParseStat(f *testing.F) {
	f.Add([]byte("812 (py) S 1 812 812 0 -1 4194304 900 0 0 0 7 5 2 1 30 10 1 0 4711 9000000 1500 1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, ok := parseStat(b); ok && (p.pid < 0 && b[0] != '-') {
			t.Errorf("parseStat(%q) = %+v", b, p)
		}
	})
}

// The share of a core is an average over the window: a burst passes, a loop does not.
func TestMeter(t *testing.T) {
	zero := func(int) uint64 { return 0 }
	for _, c := range []struct {
		name     string
		ticks    func(second int) uint64
		children func(second int) uint64
		alone    bool
		want     float64
	}{
		{"idle", func(int) uint64 { return 3 }, zero, false, 0},
		{"half a core", func(s int) uint64 { return uint64(50 * s) }, zero, false, 0.5},
		{"a burst of 3 s", func(s int) uint64 { return uint64(100 * min(s, 3)) }, zero, false, 2.0 / 30},
		{"children that end take their time along", func(s int) uint64 { return uint64(20 * (s % 2)) }, zero, false, 0.1},
		{"children that were waited for count", zero, func(s int) uint64 { return uint64(30 * s) }, false, 0.3},
		{"those that are bounded by themselves do not", func(s int) uint64 { return uint64(5 * s) }, func(s int) uint64 { return uint64(s / 10 * 9000) }, true, 0.05},
	} {
		m := meter{alone: c.alone}
		var u usage
		for s := 1; s <= window+1; s++ {
			if s == window && m.full() {
				t.Fatal("full too early")
			}
			u = m.look([]proc{{ticks: c.ticks(s), childTicks: c.children(s), pages: 10}}, time.Duration(s)*time.Second)
		}
		if d := u.cpu - c.want; !m.full() || d > 0.01 || d < -0.01 {
			t.Errorf("%s: %.3f of a core, want %.3f", c.name, u.cpu, c.want)
		}
		if u.memory != 10*int64(os.Getpagesize()) {
			t.Errorf("memory %d", u.memory)
		}
	}
}

func TestBeyond(t *testing.T) {
	for _, c := range []struct {
		u    usage
		full bool
		want string
	}{
		{usage{memory: 5_000_000, cpu: 0.2, processes: 2}, true, ""},
		{usage{memory: 5_000_001}, false, "5.0 MB"},
		{usage{cpu: 0.9}, false, ""},
		{usage{cpu: 0.9}, true, "90 % of a core"},
		{usage{processes: maxProcesses + 1}, false, "17 processes"},
	} {
		err := c.u.beyond(5_000_000, 0.2, c.full)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.u, err, c.want)
		}
	}
}

func TestPace(t *testing.T) {
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	p := pace{perSecond: 2, from: from}
	var got []bool
	for _, ms := range []int{0, 10, 20, 1001, 1002, 1003} {
		got = append(got, p.allows(from.Add(time.Duration(ms)*time.Millisecond)))
	}
	for i, want := range []bool{true, true, false, true, true, false} {
		if got[i] != want {
			t.Errorf("line %d is allowed: %v", i, got[i])
		}
	}
}

func TestCheck(t *testing.T) {
	for key, s := range map[string]drivers.ProcessSpec{
		"":        {Command: []string{"python3", "x.py"}},
		"command": {Command: []string{"./x.py"}},
		"memory":  {Command: []string{"x"}, Memory: 1000},
		"cpu":     {Command: []string{"x"}, CPU: 5},
		"lines":   {Command: []string{"x"}, Lines: -1},
	} {
		err := Check(s)
		var option *drivers.OptionError
		if key == "" && err != nil || key != "" && (!errors.As(err, &option) || option.Key != key) {
			t.Errorf("Check(%+v) = %v, want something about %q", s, err, key)
		}
	}
	if err := Check(drivers.ProcessSpec{}); err == nil {
		t.Error("no command is accepted")
	}
}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	mark := filepath.Join(dir, "mark")
	sh := func(text string) drivers.ProcessSpec {
		return drivers.ProcessSpec{Command: []string{"/bin/sh", "-c", text, "lamp"}}
	}
	if err := Run(t.Context(), sh(`test "$1" = on && echo "$1" > `+mark), "on"); err != nil {
		t.Error(err)
	}
	if b, err := os.ReadFile(mark); err != nil || string(b) != "on\n" {
		t.Errorf("the program wrote %q, %v", b, err)
	}
	err := Run(t.Context(), sh(`echo "relay is stuck" >&2; exit 4`), "on")
	if !errors.Is(err, drivers.ErrDevice) || !strings.Contains(err.Error(), "exit status 4: relay is stuck") {
		t.Errorf("Run = %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := Run(ctx, sh("sleep 1000")); !errors.Is(err, drivers.ErrTimeout) {
		t.Errorf("Run = %v, want a timeout", err)
	}
	if err := Run(t.Context(), drivers.ProcessSpec{Command: []string{"/nowhere"}}); !errors.Is(err, drivers.ErrUnplugged) {
		t.Errorf("Run = %v", err)
	}
}
