//go:build linux

package process

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

func open(t *testing.T, mode string) *Child {
	t.Helper()
	c, err := New(Config{Name: "part", ProcessSpec: self(t, mode)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func startsWith(prefix string) func([]byte) bool {
	return func(b []byte) bool { return strings.HasPrefix(string(b), prefix) }
}

// ask asks with a generous deadline.
func ask(t *testing.T, c *Child, line string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	b, err := c.Ask(ctx, []byte(line), startsWith(line))
	return string(b), err
}

func TestAsk(t *testing.T) {
	c := open(t, "good")
	for i, line := range []string{"one", "two", "three"} {
		if got, err := ask(t, c, line); err != nil || got != line+": "+strconv.Itoa(i+1) {
			t.Errorf("Ask(%s) = %q, %v", line, got, err)
		}
	}
	if h := c.Health(); !h.Running || h.Restarts != 0 || h.Answered != 3 || h.PID == 0 {
		t.Errorf("Health = %+v", h)
	}
}

func TestStraysAreSkipped(t *testing.T) {
	c := open(t, "noisy")
	for range 3 {
		if got, err := ask(t, c, "q"); err != nil || !strings.HasPrefix(got, "q: ") {
			t.Fatalf("Ask = %q, %v", got, err)
		}
	}
	if h := c.Health(); h.Strays != 3 {
		t.Errorf("%d strays, want 3", h.Strays)
	}
}

// What a child says before its answer, all at once, does not push it out.
func TestAnswerBehindManyLines(t *testing.T) {
	c := open(t, "talks")
	if got, err := ask(t, c, "q"); err != nil || !strings.HasPrefix(got, "q: ") {
		t.Errorf("Ask = %q, %v", got, err)
	}
}

// Of what nobody fetches the oldest goes.
func TestOldestLineGoes(t *testing.T) {
	r := &running{lines: make(chan []byte, 3)}
	for _, line := range []string{"1", "2", "3", "4", "5"} {
		r.queue([]byte(line))
	}
	got := ""
	for range 3 {
		got += string(<-r.lines)
	}
	if got != "345" {
		t.Errorf("kept %s", got)
	}
}

// An answer that comes after its question was given up is not taken for the answer
// to the next one.
func TestLateAnswer(t *testing.T) {
	c := open(t, "late")
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := c.Ask(ctx, []byte("first"), startsWith("first")); !errors.Is(err, drivers.ErrTimeout) {
		t.Fatalf("Ask = %v, want a timeout", err)
	}
	if got, err := ask(t, c, "second"); err != nil || got != "second: 2" {
		t.Errorf("Ask = %q, %v", got, err)
	}
}

func TestCancelEndsAtOnce(t *testing.T) {
	c := open(t, "deaf")
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := c.Ask(ctx, []byte("q"), startsWith("")); !errors.Is(err, context.Canceled) {
		t.Errorf("Ask = %v, want Canceled", err)
	}
}

func TestDeadChildIsStartedAgain(t *testing.T) {
	c := open(t, "crashes")
	_, err := ask(t, c, "q")
	if !errors.Is(err, drivers.ErrUnplugged) || !strings.Contains(err.Error(), "exit status 1") {
		t.Fatalf("Ask = %v, want that it ended with status 1", err)
	}
	if _, err := ask(t, c, "q"); err == nil || !strings.Contains(err.Error(), "next start in") && !strings.Contains(err.Error(), "exit status 1") {
		t.Errorf("Ask right after = %v", err)
	}
	for c.Health().Restarts == 0 {
		_, _ = ask(t, c, "q")
		<-time.After(10 * time.Millisecond)
	}
}

func TestLastWordsAreTold(t *testing.T) {
	c := open(t, "dies at once")
	_, err := ask(t, c, "q")
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "no such sensor") {
		t.Errorf("Ask = %v", err)
	}
}

func TestHangingChildIsStartedAgain(t *testing.T) {
	c := open(t, "deaf")
	first := 0
	for c.Health().Restarts == 0 {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		_, err := c.Ask(ctx, []byte("q"), startsWith(""))
		cancel()
		if err == nil {
			t.Fatal("a deaf child answered")
		}
		if pid := c.Health().PID; first == 0 {
			first = pid
		}
		if drivers.FaultWord(err) != "timeout" {
			t.Errorf("a child that hangs has the fault %v", err)
		}
		<-time.After(5 * time.Millisecond)
	}
	if alive(first) {
		t.Errorf("the hanging child %d is still there", first)
	}
	if why := c.Health().Ended; why == nil || !strings.Contains(why.Error(), "3 questions in a row unanswered") {
		t.Errorf("it was started again because %v", why)
	}
}

// Whoever wants to know is told of a child that was ended while nobody asked it: once, with
// the figure and the limit, before it is started again. Of one that ended in a question that
// question has told.
func TestTheEndOfAnIdleChildIsTold(t *testing.T) {
	c, err := New(Config{Name: "part", ProcessSpec: self(t, "good"), TellEnd: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if _, err := ask(t, c, "q"); err != nil {
		t.Fatal(err)
	}
	r := c.run
	r.kill(usage{cpu: 0.61}.beyond(1, 0.5, true))
	<-r.ended
	if _, err := ask(t, c, "q"); !errors.Is(err, drivers.ErrUnplugged) || !strings.Contains(err.Error(), "it took 61 % of a core for 30 s; 50 % are allowed") {
		t.Errorf("the next question = %v, want why it was ended", err)
	}
	answered := false
	for !answered {
		_, err := ask(t, c, "q")
		if answered = err == nil; !answered && !strings.Contains(err.Error(), "next start in") {
			t.Fatalf("then = %v, want only the pause before its start", err)
		}
		<-time.After(10 * time.Millisecond)
	}
}

// alive says whether a process exists and is no zombie.
func alive(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	_, ok := parseStat(stat)
	return ok
}

func TestTooMuchIsEnded(t *testing.T) {
	hog := drivers.ProcessSpec{Command: []string{"/bin/sh", "-c", "dd if=/dev/zero bs=100M count=1000000 of=/dev/null; true"}, CPU: 4}
	for want, s := range map[string]drivers.ProcessSpec{
		"lines in a second": self(t, "chatters"), "a line of more than": self(t, "long line"), "it takes 1": hog,
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			c, err := New(Config{Name: "part", ProcessSpec: s})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_, err = ask(t, c, "q")
			if !errors.Is(err, drivers.ErrUnplugged) || !strings.Contains(err.Error(), want) {
				t.Errorf("Ask = %v, want that it says %q", err, want)
			}
		})
	}
}

// What a child started goes with it.
func TestGrandchildrenGoToo(t *testing.T) {
	c := open(t, "breeds=1000")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	b, err := c.Ask(ctx, []byte("q"), func([]byte) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(string(b))
	if err != nil || !alive(pid) {
		t.Fatalf("the grandchild is %q, %v", b, err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	for alive(pid) { // its new parent reaps it in its own time
		<-time.After(time.Millisecond)
	}
}

// A grandchild in a session of its own counts, and goes too; so does one that a
// program left which was killed.
func TestGrandchildrenCannotHide(t *testing.T) {
	c := open(t, "hides=1000")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	b, err := c.Ask(ctx, []byte("q"), func([]byte) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(string(b))
	if err != nil || !alive(pid) {
		t.Fatalf("the grandchild is %q, %v", b, err)
	}
	members, more := c.run.family.look()
	for ; more && len(members) < 2; members, more = c.run.family.look() { // it is becoming "sleep"
		<-time.After(time.Millisecond)
	}
	if len(members) != 2 {
		t.Errorf("the family is %+v, want child and grandchild", members)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	for alive(pid) {
		<-time.After(time.Millisecond)
	}
}

// What a child starts inherits the kernel's bound on its memory, and not every user may
// raise it: a child whose programs may take more than itself has room for them.
func TestChildrenHaveRoom(t *testing.T) {
	for children, want := range map[int64]int64{0: 480_000_000, 200_000_000: 800_000_000} {
		s := self(t, "room")
		s.Memory, s.Children = 120_000_000, children
		c, err := New(Config{Name: "part", ProcessSpec: s})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		b, err := c.Ask(ctx, []byte("q"), func([]byte) bool { return true })
		cancel()
		if got := string(b); err != nil || got != strconv.FormatInt(want, 10) {
			t.Errorf("with children of %d bytes at most %s bytes are left to them, %v; want %d", children, got, err, want)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

// When memory runs out, a child goes before who started it.
func TestAChildIsExpendable(t *testing.T) {
	b, err := os.ReadFile("/proc/self/oom_score_adj")
	if err != nil {
		t.Skip(err)
	}
	own, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || own > mostScore-expendableBy {
		t.Skipf("this program's own is %q already", b)
	}
	c := open(t, "expendable")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	said, err := c.Ask(ctx, []byte("q"), func([]byte) bool { return true })
	if want := strconv.Itoa(own+expendableBy) + " <nil>"; err != nil || string(said) != want {
		t.Errorf("a child's is %q, %v; want %q", said, err, want)
	}
}

func TestOrphansOfAKilledGatewayGo(t *testing.T) {
	space, _, err := starter()
	if err != nil {
		t.Fatal(err)
	}
	orphan := exec.Command("sleep", "1000")
	orphan.Env = []string{markKey + space + ".4194305.7.abcdefgh"} // above the highest pid: its starter is gone
	stranger := exec.Command("sleep", "1000")
	stranger.Env = []string{markKey + "1.4194305.7.abcdefgh"} // of another pid namespace
	for _, c := range []*exec.Cmd{orphan, stranger} {
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		defer c.Wait()
		defer c.Process.Kill()
	}
	c := open(t, "good")
	if _, err := ask(t, c, "q"); err != nil {
		t.Fatal(err)
	}
	for alive(orphan.Process.Pid) {
		<-time.After(time.Millisecond)
	}
	if !alive(stranger.Process.Pid) {
		t.Error("what belongs to another namespace was killed")
	}
}

func TestCloseEndsAStubbornChild(t *testing.T) {
	t.Parallel()
	c := open(t, "stubborn")
	if _, err := ask(t, c, "q"); err != nil {
		t.Fatal(err)
	}
	pid := c.Health().PID
	if err := c.Close(); err != nil || alive(pid) {
		t.Errorf("Close = %v, alive: %v", err, alive(pid))
	}
	if err := c.Close(); err != nil {
		t.Errorf("second Close = %v", err)
	}
	if _, err := ask(t, c, "q"); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Ask after Close = %v", err)
	}
}

func TestCloseEndsARunningQuestion(t *testing.T) {
	c := open(t, "deaf")
	time.AfterFunc(50*time.Millisecond, func() { _ = c.Close() })
	if _, err := ask(t, c, "q"); err == nil || errors.Is(err, drivers.ErrTimeout) {
		t.Errorf("Ask = %v", err)
	}
}

// A child that reads nothing fills its pipe, and is a timeout like any other.
func TestFullPipe(t *testing.T) {
	c := open(t, "deaf")
	r, err := c.use()
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(r.cmd.Process.Pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	// Long enough that something is written before it is over, however busy the machine is:
	// a question of which nothing was written can be asked again, and ends nothing.
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if _, err := c.Ask(ctx, make([]byte, 1<<20), startsWith("")); !errors.Is(err, drivers.ErrTimeout) {
		t.Errorf("Ask = %v, want a timeout", err)
	}
	<-r.ended // half a question is in the pipe: it cannot be asked again
}

func TestMissingProgram(t *testing.T) {
	c, err := New(Config{ProcessSpec: drivers.ProcessSpec{Command: []string{"/nowhere/part.py"}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ask(t, c, "q"); !errors.Is(err, drivers.ErrUnplugged) || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("Ask = %v", err)
	}
}

func TestEnvironmentIsItsOwn(t *testing.T) {
	t.Setenv("LAMPPOST_SECRET", "swordfish")
	s := drivers.ProcessSpec{Command: []string{"env"}, Env: []string{"PART=7"}}
	r, _, err := command(s)
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(r.Env, "\n")
	if strings.Contains(all, "swordfish") || !strings.Contains(all, "PART=7") {
		t.Errorf("the environment is %s", all)
	}
}

func BenchmarkAsk(b *testing.B) {
	s := self(b, "good")
	s.Lines = 1 << 30
	c, err := New(Config{ProcessSpec: s})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	for b.Loop() {
		if _, err := c.Ask(b.Context(), []byte("q"), startsWith("q")); err != nil {
			b.Fatal(err)
		}
	}
}
