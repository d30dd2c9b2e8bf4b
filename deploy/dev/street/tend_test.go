package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// program writes a shell script that stands for a program of ours.
func program(t *testing.T, s *street, name, script string) *process {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.bin, name), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	p, err := s.spawn(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func newStreet(t *testing.T) *street {
	t.Helper()
	s := &street{dir: t.TempDir(), bin: t.TempDir(), ended: make(chan *process, 8)}
	if err := os.Mkdir(filepath.Join(s.dir, "logs"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.stop)
	return s
}

func TestAKilledPartIsStartedAgainAndItsLogGoesOn(t *testing.T) {
	s := newStreet(t)
	p := program(t, s, "lamppost-cloud", "echo up; exec sleep 600")
	if _, err := p.await(t.Context(), "up"); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := s.again(t.Context(), <-s.ended); err != nil {
		t.Fatal(err)
	}
	if _, err := s.procs[0].await(t.Context(), "up"); err != nil {
		t.Fatal(err)
	}
	if s.procs[0] == p || len(s.procs) != 1 {
		t.Errorf("the street has %d processes, want one other than before", len(s.procs))
	}
	b, err := os.ReadFile(p.log)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(b), "up"); n != 2 {
		t.Errorf("the log has %d starts, want 2: %s", n, b)
	}
}

func TestTheStreetEndsWithTheSimulator(t *testing.T) {
	s := newStreet(t)
	program(t, s, "lamppost-sim", "echo no such scenario >&2; exit 3")
	err := s.tend(t.Context())
	if err == nil || !strings.Contains(err.Error(), "no such scenario") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("the street says %v, want how the simulator ended and why", err)
	}
}

func TestTendingEndsWhenTold(t *testing.T) {
	s := newStreet(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.tend(ctx); err != nil {
		t.Error(err)
	}
}

func TestWhatEndsTooOftenIsBroken(t *testing.T) {
	var s street
	now := time.Now()
	for i := range restartsMost {
		if s.often("lamppost", now.Add(time.Duration(i)*time.Second)) {
			t.Fatalf("end %d is too many", i+1)
		}
	}
	if s.often("lamppost-cloud", now) {
		t.Error("the ends of one program count for another")
	}
	if !s.often("lamppost", now.Add(10*time.Second)) {
		t.Errorf("%d ends in ten seconds are not too many", restartsMost+1)
	}
	if s.often("lamppost", now.Add(restartsSpan+20*time.Second)) {
		t.Error("ends of more than a minute ago count")
	}
}

func TestAddressWithoutItsScheme(t *testing.T) {
	for in, want := range map[string]string{"http://127.0.0.1:8080": "127.0.0.1:8080", "tcp://127.0.0.1:1883": "127.0.0.1:1883", "127.0.0.1:1": "127.0.0.1:1"} {
		if got := host(in); got != want {
			t.Errorf("%s is %s, want %s", in, got, want)
		}
	}
}
