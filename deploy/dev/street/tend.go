package main

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// What a service manager does for the installed programs, the street does for its own:
// deploy/systemd starts them again after two seconds.
const (
	restartAfter = 2 * time.Second
	restartsMost = 5 // within restartsSpan; what ends more often than that is broken
	restartsSpan = time.Minute
)

// revival is one start of a program that had ended.
type revival struct {
	name string
	at   time.Time
}

// tend starts the aggregator and the gateway again whenever one ends, until the street is
// told to stop. The simulator is the street itself: without it there is nothing to tend.
func (s *street) tend(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case p := <-s.ended:
			if p.name == "lamppost-sim" || s.often(p.name, time.Now()) {
				return fmt.Errorf("%s ended by itself: %w\n%s", p.name, p.err, p.tail())
			}
			fmt.Printf("  %s ended (%v) and is started again; its log: %s\n", p.name, p.err, p.log)
			if err := s.again(ctx, p); err != nil {
				return err
			}
		}
	}
}

// again starts in the place of a process that has ended one like it.
func (s *street) again(ctx context.Context, old *process) error {
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(restartAfter):
	}
	p, err := s.launch(old.name, old.log, old.args)
	if err != nil {
		return err
	}
	for i := range s.procs {
		if s.procs[i] == old {
			s.procs[i] = p
		}
	}
	return nil
}

// often notes one more end of a program and says whether there were too many of late.
func (s *street) often(name string, now time.Time) bool {
	s.revived = append(s.revived, revival{name, now})
	n := 0
	for _, r := range s.revived {
		if r.name == name && now.Sub(r.at) < restartsSpan {
			n++
		}
	}
	return n > restartsMost
}

// host is the host and port of an address with or without a scheme.
func host(address string) string {
	if _, rest, ok := strings.Cut(address, "://"); ok {
		return strings.TrimSuffix(rest, "/")
	}
	return address
}
