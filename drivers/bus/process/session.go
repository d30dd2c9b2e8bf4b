//go:build linux

package process

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/lamppost-city/lamppost/drivers"
)

// command makes the command of a spec: no shell, a session of its own, an
// environment that holds nothing of ours but the mark by which its family is known.
func command(s drivers.ProcessSpec) (cmd *exec.Cmd, mark string, err error) {
	cmd = exec.Command(s.Command[0], s.Command[1:]...)
	if cmd.Err != nil {
		return nil, "", cmd.Err
	}
	cmd.Dir = s.Dir
	if cmd.Dir == "" {
		cmd.Dir = "/"
	}
	if mark, err = newMark(); err != nil {
		return nil, "", err
	}
	cmd.Env = append([]string{mark, "PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "HOME=" + cmd.Dir}, s.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: unix.SIGKILL}
	if s.User == "" {
		return cmd, mark, nil
	}
	who, err := credential(s.User)
	if err != nil {
		return nil, "", err
	}
	cmd.SysProcAttr.Credential = who
	return cmd, mark, nil
}

// credential looks a user up, with all groups: a serial port often belongs to one.
func credential(name string) (*syscall.Credential, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, err
	}
	ids, err := u.GroupIds()
	if err != nil {
		return nil, fmt.Errorf("groups of user %s: %w", name, err)
	}
	c := &syscall.Credential{}
	if c.Uid, err = id(u.Uid); err != nil {
		return nil, err
	}
	if c.Gid, err = id(u.Gid); err != nil {
		return nil, err
	}
	for _, g := range ids {
		gid, err := id(g)
		if err != nil {
			return nil, err
		}
		c.Groups = append(c.Groups, gid)
	}
	return c, nil
}

func id(text string) (uint32, error) {
	n, err := strconv.ParseUint(text, 10, 32)
	return uint32(n), err
}

// bound sets what the kernel enforces on a child that has just started. What it does
// in the moment before is bounded by the watcher all the same. Errors mean that it is
// gone already.
func bound(pid int, s drivers.ProcessSpec) {
	// Interpreters reserve far more than they use: this only stops what grows faster
	// than the watcher looks.
	data := uint64(4 * max(s.Memory, s.Children))
	for what, most := range map[int]uint64{unix.RLIMIT_DATA: data, unix.RLIMIT_CORE: 0, unix.RLIMIT_NOFILE: 256} {
		_ = unix.Prlimit(pid, what, &unix.Rlimit{Cur: most, Max: most}, nil)
	}
	_ = unix.Setpriority(unix.PRIO_PROCESS, pid, 10) // sampling and alerts come first
	expendable(pid)
}

// Of oom_score_adj (proc_pid_oom_score_adj(5)), per mille of the memory there is.
const (
	expendableBy = 300
	mostScore    = 1000
)

// expendable lets the kernel end a child before the program that started it, and what that
// child starts before the child, however large each is, when memory runs out.
func expendable(pid int) {
	b, err := os.ReadFile("/proc/self/oom_score_adj")
	if err != nil {
		return
	}
	own, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return
	}
	score := strconv.Itoa(min(own+expendableBy, mostScore))
	_ = os.WriteFile("/proc/"+strconv.Itoa(pid)+"/oom_score_adj", []byte(score), 0) // it may be gone
}

// proc is one process, as /proc tells.
type proc struct {
	pid, session int
	ticks        uint64 // CPU time of its own
	childTicks   uint64 // and of the children that it has waited for
	pages        uint64 // resident
	start        uint64 // ticks after boot
}

// longestStat is more than the kernel writes into /proc/PID/stat: 52 numbers and a name
// of 64 bytes at most (proc_pid_stat(5)), of which the first 24 are read here.
const longestStat = 2048

// processes lists all processes that live. The watcher of each child asks once a second,
// so all are read into one buffer, and without the poller that os.ReadFile asks for each.
func processes() (all []proc) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil
	}
	var stat [longestStat]byte
	for _, name := range names {
		if name[0] < '1' || name[0] > '9' {
			continue
		}
		n, err := readInto(stat[:], "/proc/"+name+"/stat")
		if err != nil {
			continue // gone since
		}
		if p, ok := parseStat(stat[:n]); ok {
			all = append(all, p)
		}
	}
	return all
}

// readInto reads the beginning of a file that never makes its reader wait.
func readInto(b []byte, path string) (n int, err error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	n, err = unix.Read(fd, b)
	_ = unix.Close(fd) // it was only read
	return max(n, 0), err
}

// parseStat reads /proc/PID/stat (proc(5)): the name in parentheses may hold
// anything, so fields are counted from the last one. A zombie and a thread of the
// kernel count for nothing.
func parseStat(stat []byte) (p proc, ok bool) {
	open, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	if open < 2 || end < open {
		return proc{}, false
	}
	var f [22][]byte // what is needed of it stands in these
	n := 0
	for field := range bytes.FieldsSeq(stat[end+1:]) {
		if f[n] = field; n == len(f)-1 {
			break
		}
		n++
	}
	if n < len(f)-1 || string(f[0]) == "Z" {
		return proc{}, false
	}
	const kernelThread = 0x0020_0000 // PF_KTHREAD of include/linux/sched.h
	if flags, err := strconv.ParseUint(string(f[6]), 10, 64); err != nil || flags&kernelThread != 0 {
		return proc{}, false
	}
	var err [8]error
	p.pid, err[0] = strconv.Atoi(string(bytes.TrimSpace(stat[:open])))
	p.session, err[1] = strconv.Atoi(string(f[3]))
	for i, at := range []int{11, 12, 13, 14} { // utime, stime, cutime, cstime
		var n uint64
		n, err[2+i] = strconv.ParseUint(string(f[at]), 10, 64)
		if i < 2 {
			p.ticks += n
		} else {
			p.childTicks += n
		}
	}
	p.pages, err[6] = strconv.ParseUint(string(f[21]), 10, 64)
	p.start, err[7] = strconv.ParseUint(string(f[19]), 10, 64)
	for _, e := range err {
		if e != nil {
			return proc{}, false
		}
	}
	return p, true
}
