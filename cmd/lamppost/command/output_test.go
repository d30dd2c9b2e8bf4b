package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// An export through links is written to the file they mean, there before or not; the
// links stay, and so does the file's mode.
func TestExportFollowsLinks(t *testing.T) {
	dir, to := street(t, run{boot: "3f2a9c11-04b7-4c0e-9d35-6a1f2b7c8d90", samples: 5}), t.TempDir()
	must(t, os.Mkdir(filepath.Join(to, "deep"), 0o755))
	must(t, os.WriteFile(filepath.Join(to, "deep/old.csv"), []byte("old"), 0o600))
	must(t, os.Symlink("deep/old.csv", filepath.Join(to, "one.csv")))
	must(t, os.Symlink("one.csv", filepath.Join(to, "two.csv")))
	must(t, os.Symlink("deep/new.csv", filepath.Join(to, "three.csv")))
	for link, file := range map[string]string{"two.csv": "deep/old.csv", "three.csv": "deep/new.csv"} {
		if _, errs, code := lamppost(t.Context(), "buffer", "export", "--dir", dir, "-o", filepath.Join(to, link)); code != exitOK {
			t.Fatalf("%s: exit %d: %s", link, code, errs)
		}
		if st, err := os.Lstat(filepath.Join(to, link)); err != nil || st.Mode()&fs.ModeSymlink == 0 {
			t.Errorf("%s is no link any more: %v %v", link, st.Mode(), err)
		}
		if st, err := os.Lstat(filepath.Join(to, file)); err != nil || !st.Mode().IsRegular() || st.Size() < 100 {
			t.Errorf("%s was not written: %v", file, err)
		}
	}
	if st, err := os.Stat(filepath.Join(to, "deep/old.csv")); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v: what only its owner could read can be read by others", st.Mode(), err)
	}
}

// A pipe gets the bytes and stays a pipe; an interrupt ends the wait for a reader.
func TestExportIntoPipe(t *testing.T) {
	dir, pipe := street(t, run{boot: "3f2a9c11-04b7-4c0e-9d35-6a1f2b7c8d90", samples: 50}), filepath.Join(t.TempDir(), "pipe")
	must(t, syscall.Mkfifo(pipe, 0o600))
	unread := pipe + "2"
	must(t, syscall.Mkfifo(unread, 0o600))
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, errs, code := lamppost(ctx, "buffer", "export", "--dir", dir, "-o", unread); code != exitInt {
		t.Fatalf("nobody reads, and an interrupt: exit %d %s", code, errs)
	}
	got := make(chan string, 1)
	go func() {
		b, err := os.ReadFile(pipe)
		got <- fmt.Sprint(string(b), err)
	}()
	want, _, _ := lamppost(t.Context(), "buffer", "export", "--dir", dir)
	if _, errs, code := lamppost(t.Context(), "buffer", "export", "--dir", dir, "-o", pipe); code != exitOK {
		t.Fatalf("exit %d: %s", code, errs)
	}
	if text := <-got; text != want+"<nil>" {
		t.Errorf("the pipe gave %d bytes, want %d", len(text), len(want))
	}
	if st, err := os.Lstat(pipe); err != nil || st.Mode()&fs.ModeNamedPipe == 0 {
		t.Errorf("the pipe is %v now: %v", st.Mode(), err)
	}
}

// A device is written to and never replaced; only root can make one to try.
func TestExportIntoDevice(t *testing.T) {
	dir, to := street(t, run{boot: "3f2a9c11-04b7-4c0e-9d35-6a1f2b7c8d90", samples: 5}), t.TempDir()
	for name, c := range map[string]struct {
		minor, code int
		want        string
	}{"null": {3, exitOK, "entries"}, "full": {7, exitStorage, "there is no room left for"}} {
		path := filepath.Join(to, name)
		if err := syscall.Mknod(path, syscall.S_IFCHR|0o666, 1<<8|c.minor); err != nil {
			t.Skip("a device cannot be made here: ", err)
		}
		if f, err := os.OpenFile(path, os.O_WRONLY, 0); err != nil {
			t.Skip("a device cannot be opened here: ", err)
		} else {
			must(t, f.Close())
		}
		_, errs, code := lamppost(t.Context(), "buffer", "export", "--dir", dir, "-o", path, "--lang", "en")
		if code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("%s: exit %d: %s", name, code, errs)
		}
		if st, err := os.Lstat(path); err != nil || st.Mode()&fs.ModeCharDevice == 0 {
			t.Errorf("%s is %v now: %v", name, st.Mode(), err)
		}
	}
	if left, _ := os.ReadDir(to); len(left) != 2 {
		t.Errorf("left behind: %v", left)
	}
}

// Each cause has its own words, in one line, without the name of a passing file.
func TestWriteFailures(t *testing.T) {
	for _, c := range []struct {
		err  error
		code int
		want string
	}{
		{fs.ErrPermission, exitPermission, "you may not write /x/y.csv"},
		{syscall.EISDIR, exitUsage, "-o /x/y.csv/export.csv"},
		{syscall.ENOENT, exitStorage, "there is no directory /x"},
		{syscall.EROFS, exitStorage, "read-only file system"},
		{syscall.ENOSPC, exitStorage, "there is no room left for /x/y.csv"},
		{syscall.EPIPE, exitStorage, "nobody reads /x/y.csv"},
		{syscall.EIO, exitStorage, "/x/y.csv cannot be written: input/output error"},
	} {
		var b strings.Builder
		code := report(&b, failed("/x/y.csv", &fs.PathError{Op: "write", Path: "/x/.lamppost-export-123", Err: c.err}), "en")
		if text := b.String(); code != c.code || !strings.Contains(text, c.want) || strings.Contains(text, "123") || strings.Count(text, "\n") != 2 {
			t.Errorf("%v: exit %d, want %d with %q:\n%s", c.err, code, c.code, c.want, text)
		}
	}
}

// noRoom takes nothing, like /dev/full.
type noRoom struct{}

func (noRoom) Write([]byte) (int, error) {
	return 0, &fs.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.ENOSPC}
}

// Every command that shows a journal says with the same code that its output takes
// nothing, and says it once.
func TestOutputTakesNothing(t *testing.T) {
	dir := street(t, run{boot: "3f2a9c11-04b7-4c0e-9d35-6a1f2b7c8d90", samples: 5})
	for _, sub := range []string{"stats", "stats --json", "inspect", "verify", "export"} {
		root := rootCommand(Options{})
		root.SetArgs(append(append([]string{"buffer"}, strings.Fields(sub)...), "--dir", dir))
		root.SetOut(noRoom{})
		root.SetErr(io.Discard)
		err := root.ExecuteContext(t.Context())
		var e *exit
		if !errors.As(err, &e) || e.code != exitStorage || strings.Count(err.Error(), "room left for standard output") != 1 {
			t.Errorf("%s: %v", sub, err)
		}
	}
}
