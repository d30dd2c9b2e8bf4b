package pin

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var made = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

func newNumber(t *testing.T, dir string) string {
	t.Helper()
	n, err := makeWith(dir, made, leastRound) // the race detector makes a second of each real guess
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestMakeTakesItsRounds(t *testing.T) {
	dir := t.TempDir()
	n, err := Make(dir, made)
	if err != nil {
		t.Fatal(err)
	}
	if k, err := load(dir); err != nil || k.Rounds != rounds || !k.is(n) || k.is(other(n)) {
		t.Errorf("%d rounds, %v", k.Rounds, err)
	}
}

// other is a number that is not n.
func other(n string) string {
	if n[0] == '1' {
		return "2" + n[1:]
	}
	return "1" + n[1:]
}

// clockwork is a clock that tests move.
type clockwork struct{ at time.Time }

func (c *clockwork) now() time.Time { return c.at }

func TestNumberIsKeptHashed(t *testing.T) {
	dir := t.TempDir()
	if _, err := Made(dir); !errors.Is(err, ErrNone) {
		t.Errorf("Made of an empty directory: %v, want ErrNone", err)
	}
	n := newNumber(t, dir)
	if len(n) != Digits || strings.Trim(n, "0123456789") != "" {
		t.Errorf("the number is %q, want %d digits", n, Digits)
	}
	b, err := os.ReadFile(filepath.Join(dir, fileName))
	if err != nil || strings.Contains(string(b), n) {
		t.Errorf("the file is %s, %v: it must be there without the number", b, err)
	}
	st, err := os.Stat(filepath.Join(dir, fileName))
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v, want 0600", st.Mode(), err)
	}
	if at, err := Made(dir); err != nil || !at.Equal(made) {
		t.Errorf("Made = %v, %v, want %v", at, err, made)
	}
	if again := newNumber(t, dir); again == n {
		t.Errorf("two numbers alike: %s", n)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) != 1 {
		t.Errorf("files %v, want the one", left)
	}
}

func TestRightNumberOpens(t *testing.T) {
	dir, c := t.TempDir(), &clockwork{made}
	n := newNumber(t, dir)
	d := NewDoor(dir, c.now)
	g, err := d.Enter(n)
	if err != nil || g.Key == "" {
		t.Fatalf("Enter = %+v, %v", g, err)
	}
	token, left, ok := d.Inside(g.Key)
	if !ok || token == "" || token == g.Key || left != lasts {
		t.Errorf("Inside = %q, %v, %v", token, left, ok)
	}
	for _, key := range []string{"", "x", g.Key + "x", token} {
		if _, _, ok := d.Inside(key); ok {
			t.Errorf("the key %q opens", key)
		}
	}
	c.at = c.at.Add(lasts - time.Second)
	d.Renew(g.Key)
	c.at = c.at.Add(lasts - time.Second)
	if _, left, ok := d.Inside(g.Key); !ok || left != time.Second {
		t.Errorf("a renewed session: %v, %v", left, ok)
	}
	c.at = c.at.Add(time.Second)
	if _, _, ok := d.Inside(g.Key); ok {
		t.Error("a session outlives its time")
	}
	g, _ = d.Enter(n)
	d.Leave(g.Key)
	if _, _, ok := d.Inside(g.Key); ok {
		t.Error("a session that was left is open")
	}
}

func TestWrongNumbersCloseTheDoor(t *testing.T) {
	dir, c := t.TempDir(), &clockwork{made}
	n := newNumber(t, dir)
	d := NewDoor(dir, c.now)
	for want := freeTries - 1; want > 0; want-- {
		if g, err := d.Enter(other(n)); err != nil || g != (Guess{Left: want}) {
			t.Fatalf("wrong guess: %+v, %v, want %d left", g, err, want)
		}
	}
	for _, want := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute, 32 * time.Minute, time.Hour, time.Hour} {
		if g, err := d.Enter(other(n)); err != nil || g != (Guess{Wait: want}) {
			t.Fatalf("wrong guess: %+v, %v, want a pause of %v", g, err, want)
		}
		c.at = c.at.Add(want - time.Second)
		if g, err := d.Enter(n); err != nil || g != (Guess{Wait: time.Second}) {
			t.Fatalf("the right one while it is closed: %+v, %v, want to wait 1s", g, err)
		}
		c.at = c.at.Add(time.Second)
	}
	if g, err := d.Enter(n); err != nil || g.Key == "" {
		t.Fatalf("the right one after the pause: %+v, %v", g, err)
	}
	if g, err := d.Enter(other(n)); err != nil || g.Left != freeTries-1 {
		t.Errorf("a wrong one after a right one: %+v, %v, want counting from the start", g, err)
	}
}

// A new number ends what was about the old one: a closed door, and sessions.
func TestNewNumberBeginsAnew(t *testing.T) {
	dir, c := t.TempDir(), &clockwork{made}
	old := newNumber(t, dir)
	d := NewDoor(dir, c.now)
	g, err := d.Enter(old)
	if err != nil {
		t.Fatal(err)
	}
	for range freeTries {
		if _, err := d.Enter(other(old)); err != nil {
			t.Fatal(err)
		}
	}
	n := newNumber(t, dir)
	if _, _, ok := d.Inside(g.Key); ok {
		t.Error("a session with the old number goes on")
	}
	if g, err := d.Enter(n); err != nil || g.Key == "" {
		t.Errorf("the new number: %+v, %v", g, err)
	}
	if err := os.Remove(filepath.Join(dir, fileName)); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Enter(n); !errors.Is(err, ErrNone) {
		t.Errorf("without a file: %v, want ErrNone", err)
	}
	if _, _, ok := d.Inside(g.Key); ok {
		t.Error("a session goes on without a file")
	}
}

func TestSessionsAreBounded(t *testing.T) {
	dir, c := t.TempDir(), &clockwork{made}
	n := newNumber(t, dir)
	d := NewDoor(dir, c.now)
	first, err := d.Enter(n)
	if err != nil {
		t.Fatal(err)
	}
	for range mostInside {
		if _, err := d.Enter(n); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, ok := d.Inside(first.Key); ok || len(d.inside) != mostInside {
		t.Errorf("%d sessions, the oldest among them: %v", len(d.inside), ok)
	}
}

// FuzzDecode: what is read has every bound, and is written as it was read.
func FuzzDecode(f *testing.F) {
	k := kept{V: 1, Made: made, Rounds: rounds, Salt: make([]byte, saltLen), Hash: make([]byte, hashLen)}
	b, err := json.Marshal(k)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"v":1,"rounds":0,"salt":"","hash":""}`))
	f.Add([]byte(`{"v":1,"rounds":1e9}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := decode(b)
		if err != nil {
			return
		}
		if k.Rounds > mostRound || len(k.Hash) != hashLen || len(k.Salt) != saltLen {
			t.Fatalf("%+v is out of bounds", k)
		}
		out, err := json.Marshal(k)
		if err != nil {
			return // a year that JSON has no form for
		}
		again, err := decode(out)
		if err != nil || !bytes.Equal(again.Hash, k.Hash) || !bytes.Equal(again.Salt, k.Salt) || again.Rounds != k.Rounds || !again.Made.Equal(k.Made) {
			t.Errorf("%+v comes back as %+v, %v", k, again, err)
		}
	})
}
