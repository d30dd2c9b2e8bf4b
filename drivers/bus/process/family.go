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
	"time"

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
	blank int // looks at which it showed no environment at all
}

// A process shows no environment while it becomes another program (execve(2)), so it
// is looked at again: so many times, for some never have one.
const maxBlank = 100

// undecided says whether the next look may find that it is one of ours.
func (r relation) undecided() bool { return !r.ours && r.blank > 0 && r.blank < maxBlank }

func newFamily(leader int, mark string, nests bool) *family {
	return &family{leader: leader, mark: mark, nests: nests, known: map[int]relation{}}
}

// look lists the living members, and says whether there may be more, which cannot be
// told at this moment.
func (f *family) look() (members []proc, more bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	known := make(map[int]relation, len(f.known))
	for _, p := range processes() {
		r, ok := f.known[p.pid]
		if ok && r.start != p.start {
			r, ok = relation{}, false
		}
		if !ok || r.undecided() || f.nests && r.ours && p.session != f.leader {
			r = f.relate(p, r.blank)
		}
		known[p.pid] = r
		more = more || r.undecided()
		if r.ours || p.session == f.leader {
			members = append(members, p)
		}
	}
	f.known = known
	return members, more
}

// relate looks at a process that showed no environment before, blank times.
func (f *family) relate(p proc, blank int) relation {
	if p.session == f.leader {
		return relation{start: p.start, ours: true}
	}
	mark, blind := markOf(p.pid)
	if blind {
		return relation{start: p.start, blank: blank + 1}
	}
	return relation{start: p.start, ours: mark == f.mark}
}

// signal signals the child, its process group and everything else of its family. What
// is gone cannot be signalled, which is no fault.
func (f *family) signal(sig unix.Signal) {
	_ = unix.Kill(-f.leader, sig)
	members, _ := f.look()
	for _, p := range members {
		_ = unix.Kill(p.pid, sig)
	}
}

// kill ends all of the family, also those who are being started meanwhile. It waits
// for the last ones at most a tenth of a second.
func (f *family) kill() {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for range 50 {
		<-pause.C
		f.signal(unix.SIGKILL)
		if members, more := f.look(); len(members) == 0 && !more {
			return
		}
		pause.Reset(2 * time.Millisecond)
	}
}

// markOf returns the mark of a process, with the key; empty if it has none or may
// not be read, which means that it is another user's. blind says that it shows no
// environment, as one does that is becoming another program.
func markOf(pid int) (mark string, blind bool) {
	env, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil {
		return "", false
	}
	for v := range bytes.SplitSeq(env, []byte{0}) {
		if bytes.HasPrefix(v, []byte(markKey)) {
			return string(v), false
		}
	}
	return "", len(env) == 0
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
		mark, _ := markOf(p.pid)
		rest, ok := strings.CutPrefix(mark, markKey+space+".")
		if i := strings.LastIndexByte(rest, '.'); ok && i > 0 && !alive[rest[:i]] {
			_ = unix.Kill(p.pid, unix.SIGKILL)
		}
	}
	return markKey + space + "." + self + "." + rand.Text()[:8], nil
}
