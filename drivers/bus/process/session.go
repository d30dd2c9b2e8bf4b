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
}

// proc is one process, as /proc tells.
type proc struct {
	pid, session int
	ticks        uint64 // CPU time of its own
	childTicks   uint64 // and of the children that it has waited for
	pages        uint64 // resident
	start        uint64 // ticks after boot
}

// processes lists all processes that live.
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
	for _, name := range names {
		if name[0] < '1' || name[0] > '9' {
			continue
		}
		stat, err := os.ReadFile("/proc/" + name + "/stat")
		if err != nil {
			continue // gone since
		}
		if p, ok := parseStat(stat); ok {
			all = append(all, p)
		}
	}
	return all
}

// parseStat reads /proc/PID/stat (proc(5)): the name in parentheses may hold
// anything, so fields are counted from the last one. A zombie and a thread of the
// kernel count for nothing.
func parseStat(stat []byte) (p proc, ok bool) {
	open, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	if open < 2 || end < open {
		return proc{}, false
	}
	f := strings.Fields(string(stat[end+1:]))
	if len(f) < 22 || f[0] == "Z" {
		return proc{}, false
	}
	const kernelThread = 0x0020_0000 // PF_KTHREAD of include/linux/sched.h
	if flags, err := strconv.ParseUint(f[6], 10, 64); err != nil || flags&kernelThread != 0 {
		return proc{}, false
	}
	var err [8]error
	p.pid, err[0] = strconv.Atoi(string(bytes.TrimSpace(stat[:open])))
	p.session, err[1] = strconv.Atoi(f[3])
	for i, at := range []int{11, 12, 13, 14} { // utime, stime, cutime, cstime
		var n uint64
		n, err[2+i] = strconv.ParseUint(f[at], 10, 64)
		if i < 2 {
			p.ticks += n
		} else {
			p.childTicks += n
		}
	}
	p.pages, err[6] = strconv.ParseUint(f[21], 10, 64)
	p.start, err[7] = strconv.ParseUint(f[19], 10, 64)
	for _, e := range err {
		if e != nil {
			return proc{}, false
		}
	}
	return p, true
}
