package adapter

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// Holder is a program that has a port open.
type Holder struct {
	PID     int
	Program string // as ps calls it; empty if that cannot be known
}

// Holders returns the programs that have a node open, by process id. Of other users'
// programs only root is told; all says whether every program could be looked at.
func (s System) Holders(node string) (holders []Holder, all bool) {
	all = true
	entries, err := os.ReadDir(s.proc())
	if err != nil {
		return nil, false
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue // no process
		}
		fds, err := os.ReadDir(s.proc(e.Name(), "fd"))
		if os.IsPermission(err) {
			all = false
		}
		if slices.ContainsFunc(fds, func(fd os.DirEntry) bool {
			to, err := os.Readlink(s.proc(e.Name(), "fd", fd.Name()))
			return err == nil && filepath.Clean(to) == filepath.Clean(node)
		}) {
			holders = append(holders, Holder{PID: pid, Program: word(s.proc(e.Name(), "comm"))})
		}
	}
	slices.SortFunc(holders, func(a, b Holder) int { return a.PID - b.PID })
	return holders, all
}
