package e2e

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// card is a small ext4 file system of its own, as an SD card is, on a loop device.
// It can be filled by somebody else, become read-only, and refuse to take data.
//
// Input and output errors are real ones, without a device mapper: the file behind
// the loop device is made immutable (chattr +i), its file system refuses the loop
// device's writes, and the kernel reports EIO to who syncs, as it does for a card
// that fails under the writeback.
type card struct {
	t          *testing.T
	image, dir string
}

func newCard(t *testing.T, megabytes int64) *card {
	t.Helper()
	mayRearrange(t, "mkfs.ext4", "mount", "umount", "chattr")
	c := &card{t: t, image: filepath.Join(t.TempDir(), "card.img"), dir: filepath.Join(t.TempDir(), "card")}
	if err := errors.Join(os.WriteFile(c.image, nil, 0o600), os.Truncate(c.image, megabytes<<20), os.Mkdir(c.dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	here := place("")
	// No journal of its own: ext4's gives up for good after one failed write, and
	// what is tested is what the gateway does, not how a card is repaired.
	here.tool(t, "", "mkfs.ext4", "-q", "-m", "0", "-O", "^has_journal", "-E", "lazy_itable_init=0", c.image)
	here.tool(t, "", "mount", "-o", "loop,errors=continue", c.image, c.dir)
	t.Cleanup(func() {
		_ = here.try("", "chattr", "-i", c.image)
		if keep := os.Getenv("E2E_LOGS"); t.Failed() && keep != "" {
			_ = os.CopyFS(filepath.Join(keep, t.Name(), "card"), os.DirFS(c.dir)) // best effort, for a person
		}
		here.tool(t, "", "umount", "-l", c.dir)
	})
	return c
}

// fill lets a foreign file take all the room there is, again and again until free.
func (c *card) fill() (free func()) {
	c.t.Helper()
	path := filepath.Join(c.dir, "foreign.log")
	f, err := os.Create(path)
	if err != nil {
		c.t.Fatal(err)
	}
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		grow(f, stop)
	}()
	return func() {
		close(stop)
		<-done
		f.Close()
		if err := os.Remove(path); err != nil {
			c.t.Error(err)
		}
	}
}

// grow writes until stopped; what does not fit is tried again soon.
func grow(f *os.File, stop <-chan struct{}) {
	b := make([]byte, 64<<10)
	for size := len(b); ; {
		pause := time.Duration(0)
		if _, err := f.Write(b[:size]); err != nil {
			size, pause = max(512, size/2), 20*time.Millisecond
		}
		select {
		case <-stop:
			return
		case <-time.After(pause):
		}
	}
}

// fail makes every write to the card an input/output error.
func (c *card) fail() {
	c.t.Helper()
	place("").tool(c.t, "", "chattr", "+i", c.image)
}

// mend ends fail.
func (c *card) mend() {
	c.t.Helper()
	place("").tool(c.t, "", "chattr", "-i", c.image)
}

// lock makes the card read-only, as the kernel does with one that it has found
// errors on. A remount is refused while a file is open for writing: the card fails
// until whoever writes has let go of its file.
func (c *card) lock(letGo func() bool) {
	c.t.Helper()
	c.fail()
	eventually(c.t, soon, "the writer to let go of the failing card", letGo)
	c.mend()
	var err error
	eventually(c.t, soon, "the card to be remounted read-only", func() bool {
		err = unix.Mount("", c.dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, "errors=continue")
		return err == nil
	})
}

// unlock makes the card writable again.
func (c *card) unlock() {
	c.t.Helper()
	if err := unix.Mount("", c.dir, "", unix.MS_REMOUNT, "errors=continue"); err != nil {
		c.t.Fatalf("remount the card: %v", err)
	}
}

// The card does to a file what it is told, and takes data again afterwards.
func TestCard(t *testing.T) {
	c := newCard(t, 16)
	const little = 64 << 10
	write := func(size int) error {
		f, err := os.Create(filepath.Join(c.dir, "file"))
		if err != nil {
			return err
		}
		defer f.Close()
		if _, err := f.Write([]byte(strings.Repeat("data", size/4))); err != nil {
			return err
		}
		return f.Sync()
	}
	for _, step := range []struct {
		name  string
		begin func() (end func())
		want  error
	}{
		{"full", c.fill, syscall.ENOSPC},
		{"failing", func() func() { c.fail(); return c.mend }, syscall.EIO},
		{"read-only", func() func() { c.lock(func() bool { return write(little) != nil }); return c.unlock }, syscall.EROFS},
	} {
		if err := write(little); err != nil {
			t.Fatalf("before %s: %v", step.name, err)
		}
		end := step.begin()
		size := little
		eventually(t, soon, "a card that is "+step.name, func() bool {
			size += little // else it finds for ever the room that it has just made itself
			return errors.Is(write(size), step.want)
		})
		end()
		if err := write(little); err != nil {
			t.Errorf("after %s: %v", step.name, err)
		}
	}
}
