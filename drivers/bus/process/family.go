//go:build linux

package process

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// markKey names the variable by which the processes of a child are known, also those
// that left its session: what is started inherits it. Its value is
//
//	space.pid.start.number
//
// of the program that started the child: the pid namespace it lives in, its process
// id, the tick at which that process began, and something random. A program that wipes it from its children's
// environment and puts them into another session hides them.
const markKey = "LAMPPOST_CHILD="

// family is a child and everything that it started.
type family struct {
	leader int
	mark   string // with the key
	nests  bool   // it starts children of its own, which for a moment look like its family

	mu    sync.Mutex
	known map[int]relation // by pid: each process is looked at once
}

type relation struct {
	start uint64 // a pid is used again one day, its start is not
	ours  bool
}

func newFamily(leader int, mark string, nests bool) *family {
	return &family{leader: leader, mark: mark, nests: nests, known: map[int]relation{}}
}

// look lists the living members.
func (f *family) look() (members []proc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	known := make(map[int]relation, len(f.known))
	for _, p := range processes() {
		r, ok := f.known[p.pid]
		if !ok || r.start != p.start || f.nests && r.ours && p.session != f.leader {
			r = relation{p.start, p.session == f.leader || f.mark == markOf(p.pid)}
		}
		known[p.pid] = r
		if r.ours || p.session == f.leader {
			members = append(members, p)
		}
	}
	f.known = known
	return members
}

// signal signals the child, its process group and everything else of its family. What
// is gone cannot be signalled, which is no fault.
func (f *family) signal(sig unix.Signal) {
	_ = unix.Kill(-f.leader, sig)
	for _, p := range f.look() {
		_ = unix.Kill(p.pid, sig)
	}
}

// kill ends all of the family, also those who are being started meanwhile.
func (f *family) kill() {
	for range 5 {
		f.signal(unix.SIGKILL)
		if len(f.look()) == 0 {
			return
		}
	}
}

// markOf returns the mark of a process, with the key; empty if it has none or may
// not be read, which means that it is another user's.
func markOf(pid int) string {
	env, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil {
		return ""
	}
	for v := range bytes.SplitSeq(env, []byte{0}) {
		if bytes.HasPrefix(v, []byte(markKey)) {
			return string(v)
		}
	}
	return ""
}

// starter is who starts children: this process, in its pid namespace.
func starter() (space, self string, err error) {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return "", "", err
	}
	p, ok := parseStat(stat)
	if !ok {
		return "", "", fmt.Errorf("/proc/self/stat says %q", stat)
	}
	link, err := os.Readlink("/proc/self/ns/pid") // pid:[4026531836]
	if err != nil {
		return "", "", err
	}
	return strings.Trim(strings.TrimPrefix(link, "pid:"), "[]"), p.name(), nil
}

// name tells a process from all others in its namespace, since the boot.
func (p proc) name() string { return fmt.Sprintf("%d.%d", p.pid, p.start) }

// newMark returns the mark of a new child, with the key. Before, it kills what the
// children of programs that are gone have left: a gateway that was killed takes its
// children along, but not what they had started.
func newMark() (string, error) {
	space, self, err := starter()
	if err != nil {
		return "", err
	}
	all := processes()
	alive := make(map[string]bool, len(all))
	for _, p := range all {
		alive[p.name()] = true
	}
	for _, p := range all {
		rest, ok := strings.CutPrefix(markOf(p.pid), markKey+space+".")
		if i := strings.LastIndexByte(rest, '.'); ok && i > 0 && !alive[rest[:i]] {
			_ = unix.Kill(p.pid, unix.SIGKILL)
		}
	}
	return markKey + space + "." + self + "." + rand.Text()[:8], nil
}
