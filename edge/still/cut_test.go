package still

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// errCut is what every step says once the power is gone.
var errCut = errors.New("the power is gone")

// mortal is a real folder whose power goes before a step. What a power cut takes is taken
// then: content that was not synced, and names that were not.
type mortal struct {
	osDisk
	left  int // steps until the cut; negative: never
	steps int
	// Since the folder was synced: files whose content nobody synced, and how to undo what
	// was done to names, newest last.
	unsynced map[string]bool
	undo     []func() error
}

func (m *mortal) step() error {
	if m.left == 0 {
		return errCut
	}
	m.left--
	m.steps++
	return nil
}

// did notes how a change of names is undone.
func (m *mortal) did(err error, undo func() error) error {
	if err == nil {
		m.undo = append(m.undo, undo)
	}
	return err
}

func (m *mortal) Create(path string) (diskFile, error) {
	if err := m.step(); err != nil {
		return nil, err
	}
	f, err := m.osDisk.Create(path)
	m.unsynced[path] = true
	return &mortalFile{f, m, path}, m.did(err, func() error { return gone(os.Remove(path)) })
}

func (m *mortal) Rename(from, to string) error {
	if err := m.step(); err != nil {
		return err
	}
	if m.unsynced[from] {
		delete(m.unsynced, from)
		m.unsynced[to] = true
	}
	return m.did(m.osDisk.Rename(from, to), func() error { return gone(os.Rename(to, from)) })
}

func (m *mortal) Remove(path string) error {
	if err := m.step(); err != nil {
		return err
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return m.did(m.osDisk.Remove(path), func() error { return os.WriteFile(path, b, 0o600) })
}

func (m *mortal) SyncDir(dir string) error {
	if err := m.step(); err != nil {
		return err
	}
	m.undo = nil
	return m.osDisk.SyncDir(dir)
}

func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// cut is what the disk shows after the power cut: of the names' changes a random number of
// the newest never happened, and of unsynced content some is there, some torn, some zeros.
func (m *mortal) cut(t *testing.T, r *rand.Rand) {
	t.Helper()
	for n := r.IntN(len(m.undo) + 1); n > 0; n-- {
		if err := m.undo[len(m.undo)-1](); err != nil {
			t.Fatal(err)
		}
		m.undo = m.undo[:len(m.undo)-1]
	}
	for path := range m.unsynced {
		for _, ext := range []string{part, kept} { // its renaming may have been undone
			p := strings.TrimSuffix(path, filepath.Ext(path)) + ext
			b, err := os.ReadFile(p)
			if err != nil {
				continue
			}
			b = b[:r.IntN(len(b)+1)]
			if r.IntN(2) == 0 {
				clear(b[len(b)/2:])
			}
			if err := os.WriteFile(p, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

type mortalFile struct {
	diskFile
	m    *mortal
	path string
}

// Write is two steps, so that a kill may come between.
func (f *mortalFile) Write(b []byte) (int, error) {
	n := 0
	for _, half := range [][]byte{b[:len(b)/2], b[len(b)/2:]} {
		if err := f.m.step(); err != nil {
			return n, err
		}
		k, err := f.diskFile.Write(half)
		if n += k; err != nil {
			return n, err
		}
	}
	return n, nil
}

func (f *mortalFile) Sync() error {
	if err := f.m.step(); err != nil {
		return err
	}
	delete(f.m.unsynced, f.path)
	return f.diskFile.Sync()
}

// life is what is done to a spool until the power goes: which pictures it has taken over
// for good, which it may have, and which are done with.
type life struct{ sure, maybe, done []int }

func (l *life) live(s *Spool) {
	for n := range 8 {
		l.maybe = append(l.maybe, n)
		if s.Put(metaOf(n), picture(n, 2000+n*100)) != nil {
			return
		}
		l.sure = append(l.sure, n)
		if n%3 == 2 {
			l.done = append(l.done, n-1)
			if s.Done(id(n-1)) != nil {
				return
			}
		}
	}
}

// survive opens what is left and holds it against the life: what was taken over is there
// as it was, unless it made room or is done with; whatever is there is whole or said to be
// damaged; and the spool works.
func (l *life) survive(t *testing.T, dir, how string) {
	t.Helper()
	s, err := OpenSpool(dir, 12_000, nil)
	if err != nil {
		t.Fatalf("%s: %v", how, err)
	}
	ids := s.IDs()
	newest := 0
	if len(l.sure) > 0 {
		newest = l.sure[len(l.sure)-1]
	}
	for _, n := range l.sure {
		if !slices.Contains(ids, id(n)) && !slices.Contains(l.done, n) && n > newest-4 { // 4 fit
			t.Errorf("%s: picture %d is lost, there are %v", how, n, ids)
		}
	}
	for _, n := range l.maybe {
		if !slices.Contains(ids, id(n)) {
			continue
		}
		meta, jpeg, err := s.Get(id(n))
		sure := slices.Contains(l.sure, n)
		if err == nil && (meta != metaOf(n) || !bytes.Equal(jpeg, picture(n, 2000+n*100))) || err != nil && (sure || !errors.Is(err, ErrDamaged)) {
			t.Errorf("%s: picture %d is %+v, %d bytes, %v", how, n, meta, len(jpeg), err)
		}
	}
	parts, err := filepath.Glob(filepath.Join(dir, "*"+part))
	if err != nil || len(parts) > 0 {
		t.Errorf("%s: %v is left, %v", how, parts, err)
	}
	put(t, s, 50, 100)
	if _, _, err := s.Get(id(50)); err != nil {
		t.Errorf("%s: it works no more: %v", how, err)
	}
}

// Before every single step the program is killed, and before every single step the power
// goes, some times with another outcome: no picture that was taken over is lost, and none
// is anything but what was put in.
func TestSpoolIsCutBetweenAnyTwoSteps(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for cut := 0; ; cut++ {
		for round := range 9 {
			dir := t.TempDir()
			m := &mortal{left: cut, unsynced: map[string]bool{}}
			s, err := openSpool(m, dir, 12_000, nil)
			if err != nil {
				t.Fatal(err)
			}
			var l life
			l.live(s)
			how := fmt.Sprintf("killed before step %d", cut)
			if round > 0 {
				how = fmt.Sprintf("power cut before step %d, round %d", cut, round)
				m.cut(t, r)
			}
			l.survive(t, dir, how)
			if m.steps < cut { // all of the life was lived
				if cut < 50 {
					t.Errorf("a life has only %d steps", m.steps)
				}
				return
			}
		}
	}
}

// A disk that fails a step costs the picture that was being put away, at most, and what it
// has is not touched.
func TestSpoolOnAFailingDisk(t *testing.T) {
	for step := range 5 { // create, two writes, sync, rename
		dir := t.TempDir()
		m := &mortal{left: -1, unsynced: map[string]bool{}}
		s, err := openSpool(m, dir, quota, nil)
		if err != nil {
			t.Fatal(err)
		}
		put(t, s, 1, 1000)
		m.left = step
		if err := s.Put(metaOf(2), picture(2, 1000)); !errors.Is(err, errCut) {
			t.Errorf("step %d: Put = %v", step, err)
		}
		m.left = -1
		if got := s.IDs(); !slices.Equal(got, []string{id(1)}) {
			t.Errorf("step %d: kept %v", step, got)
		}
		put(t, s, 2, 1000)
		if _, jpeg, err := s.Get(id(2)); err != nil || !bytes.Equal(jpeg, picture(2, 1000)) {
			t.Errorf("step %d: %d bytes, %v", step, len(jpeg), err)
		}
	}
}

// worn is a disk that cannot read back what it has.
type worn struct{ osDisk }

func (worn) Read(string) ([]byte, error) {
	return nil, &fs.PathError{Op: "read", Path: "x", Err: syscall.EIO}
}

func TestSpoolOnAWornDisk(t *testing.T) {
	told := goners{}
	s, err := openSpool(worn{}, t.TempDir(), quota, told.note)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, 1, 1000)
	if _, _, err := s.Get(id(1)); !errors.Is(err, ErrDamaged) || !errors.Is(err, syscall.EIO) || len(told) != 1 || len(s.IDs()) != 0 {
		t.Errorf("Get = %v; told %v, waiting %v", err, told, s.IDs())
	}
}

// childEnv makes this test binary the process that TestSpoolIsKilled kills.
const childEnv = "LAMPPOST_STILL_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		fmt.Fprintln(os.Stderr, child(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// child puts pictures away as fast as it can and prints each that is, until it is killed.
func child(dir string) error {
	s, err := OpenSpool(dir, 64<<10, nil)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	for n := 0; ; n++ {
		if err := s.Put(metaOf(n), picture(n, 4000+n%7*1000)); err != nil {
			return err
		}
		fmt.Println(n)
		if n%5 == 4 {
			if err := s.Done(id(n - 2)); err != nil {
				return err
			}
		}
	}
}

// A real process is killed with SIGKILL while it puts pictures away and drops others.
func TestSpoolIsKilled(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for round := range 8 {
		dir := t.TempDir()
		last := killed(t, dir, time.Duration(5+r.IntN(60))*time.Millisecond)
		s := opened(t, dir, 64<<10)
		ids := s.IDs()
		if last >= 0 && !slices.Contains(ids, id(last)) {
			t.Errorf("round %d: picture %d was put away and is lost, there are %v", round, last, ids)
		}
		for _, have := range ids {
			meta, jpeg, err := s.Get(have)
			n := int(meta.At.BootMS)
			if err != nil || meta != metaOf(n) || !bytes.Equal(jpeg, picture(n, 4000+n%7*1000)) || n > last+1 {
				t.Errorf("round %d: %s is %+v, %d bytes, %v", round, have, meta, len(jpeg), err)
			}
		}
	}
}

// killed runs the child for a while and returns the newest picture that it has put away.
func killed(t *testing.T, dir string, after time.Duration) (last int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "ready" {
		t.Fatalf("the child said %q", lines.Text())
	}
	kill := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	for last = -1; lines.Scan(); {
		_, _ = fmt.Sscan(lines.Text(), &last)
	}
	_ = cmd.Wait()
	return last
}
