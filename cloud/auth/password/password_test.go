package password

import (
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/cloud/view"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// cheap keeps tests short: 64 KiB, one pass.
func cheap(t testing.TB, p Params) *Hasher {
	t.Helper()
	h, err := NewHasher(p, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

var small = Params{Memory: 64, Time: 1, Threads: 1}

// A vector of the reference implementation (argon2 command line tool, as its own tests
// have it: t=2, m=2^16, p=1, "password", "somesalt").
func TestVectorOfTheReferenceImplementation(t *testing.T) {
	const hash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	h := cheap(t, small)
	for password, want := range map[string]bool{"password": true, "passwore": false} {
		ok, anew, err := h.Check(t.Context(), password, hash)
		if ok != want || anew != want || err != nil {
			t.Errorf("Check(%q) = %v, %v, %v; want %v", password, ok, anew, err, want)
		}
	}
}

func TestHashAndCheck(t *testing.T) {
	h := cheap(t, small)
	a, err := h.Hash(t.Context(), "一只猫在河边看月亮吃西瓜")
	if err != nil {
		t.Fatal(err)
	}
	b, err := h.Hash(t.Context(), "一只猫在河边看月亮吃西瓜")
	if err != nil || a == b {
		t.Errorf("the same password twice: %v, hashes equal: %v; want different salts", err, a == b)
	}
	if !strings.HasPrefix(a, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Errorf("Hash = %s", a)
	}
	for _, c := range []struct {
		password, hash string
		ok             bool
	}{
		{"一只猫在河边看月亮吃西瓜", a, true}, {"一只猫在河边看月亮吃西瓜", b, true}, {"一只猫在河边看月亮吃西瓜 ", a, false}, {"", a, false}, {"", "", false}, {"x", "", false},
	} {
		if ok, anew, err := h.Check(t.Context(), c.password, c.hash); ok != c.ok || anew || err != nil {
			t.Errorf("Check(%q, %q) = %v, %v, %v; want %v", c.password, c.hash, ok, anew, err, c.ok)
		}
	}
	dearer := cheap(t, Params{Memory: 128, Time: 1, Threads: 1})
	if ok, anew, err := dearer.Check(t.Context(), "一只猫在河边看月亮吃西瓜", a); !ok || !anew || err != nil {
		t.Errorf("with dearer parameters Check = %v, %v, %v; want it good and to be made anew", ok, anew, err)
	}
}

func TestParametersOutOfBounds(t *testing.T) {
	for _, p := range []Params{{}, {Memory: maxMemory + 1, Time: 1, Threads: 1}, {Memory: 64, Time: 0, Threads: 1}, {Memory: 64, Time: maxTime + 1, Threads: 1}, {Memory: 64, Time: 1}, {Memory: 7, Time: 1, Threads: 1}} {
		if _, err := NewHasher(p, 1, 1); err == nil {
			t.Errorf("NewHasher(%+v) took them", p)
		}
		hash := stored{Params: p, salt: make([]byte, 16), sum: make([]byte, 32)}.String()
		if _, _, err := cheap(t, small).Check(t.Context(), "x", hash); !errors.Is(err, errForm) {
			t.Errorf("Check with %s = %v, want it refused before any work", hash, err)
		}
	}
}

// As many work as there are slots, as many wait as may, and the next is turned away.
func TestHashingIsBounded(t *testing.T) {
	h := cheap(t, small)
	for range cap(h.slots) { // all slots are taken
		h.slots <- struct{}{}
		h.queue <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	errs := make(chan error, 9)
	for range 2 {
		wg.Go(func() {
			_, err := h.Hash(ctx, "x")
			errs <- err
		})
	}
	for len(h.queue) < cap(h.queue) { // both wait
		runtime.Gosched()
	}
	if _, _, err := h.Check(t.Context(), "x", ""); !errors.Is(err, view.ErrBusy) {
		t.Errorf("one too many: %v, want view.ErrBusy", err)
	}
	cancel()
	wg.Wait()
	for range 2 {
		if err := <-errs; !errors.Is(err, context.Canceled) {
			t.Errorf("a cancelled wait ends with %v", err)
		}
	}
	<-h.slots
	<-h.queue
	if _, err := h.Hash(t.Context(), "x"); err != nil {
		t.Errorf("with a slot free: %v", err)
	}
}

// Nobody's account takes as long as somebody's: medians of interleaved runs differ by
// less than a wrong password's own spread allows to tell. The work done is the same by
// construction; the bound is wide, so that only a missing computation breaks it.
func TestNobodyTakesAsLong(t *testing.T) {
	h := cheap(t, Params{Memory: 1024, Time: 2, Threads: 1})
	hash, err := h.Hash(t.Context(), "right")
	if err != nil {
		t.Fatal(err)
	}
	var took [2][]float64
	for range 41 {
		for i, stored := range []string{hash, ""} {
			begin := time.Now()
			if ok, _, err := h.Check(t.Context(), "wrong", stored); ok || err != nil {
				t.Fatal(ok, err)
			}
			took[i] = append(took[i], time.Since(begin).Seconds())
		}
	}
	slices.Sort(took[0])
	slices.Sort(took[1])
	if ratio := took[0][20] / took[1][20]; math.Abs(math.Log(ratio)) > math.Log(5) {
		t.Errorf("a known account takes %v as long as an unknown one; a hash is left out somewhere", ratio)
	}
}

func TestJudge(t *testing.T) {
	for _, c := range []struct {
		password string
		want     string // part of the English sentence; empty: good
	}{
		{"a cat by the river", ""}, {"一只猫在河边看月亮吃西瓜", ""}, {"tulip-otter-94-brass", ""}, {"alllowercaseletters", ""}, {Random(), ""},
		{"short", "at least 12"}, {"十一个字的口令还是太短", "at least 12"}, {strings.Repeat("cat by river ", 11), "at most 128"},
		{"aaaaaaaaaaaaaa", "only repeats"}, {"abcabcabcabcabc", "only repeats"}, {"ab12cdab12cdab12cd", "only repeats"}, {"123456789012", "only repeats"},
		{"abcdefghijklmnop", "only repeats"}, {"poiuytrewqasdfghjkl", "only repeats"}, {"1qaz2wsx3edc4rfv", "only repeats"},
		{"Password2026!!", "guessed first"}, {"P@ssw0rd123456", "guessed first"}, {"CorrectHorseBatteryStaple", "guessed first"}, {"!!admin888888", "guessed first"}, {"woaini5201314", "guessed first"},
		{"lamppost2026", "little else"}, {"wang.fang1998", "little else"}, {"WANG.FANG wang.fang 1", "little else"}, {"wang.fang likes blue tea", ""},
		{"valid length \x00 nul", "cannot be typed"}, {"valid length \xff bytes", "cannot be typed"},
	} {
		got := Judge(c.password, "wang.fang", "王芳")
		switch {
		case c.want == "" && got != nil:
			t.Errorf("Judge(%q) = %v, want it good", c.password, got)
		case c.want != "" && (got == nil || !strings.Contains(got.Text.En, c.want) || got.Text.Zh == "" || got.Field != "password"):
			t.Errorf("Judge(%q) = %v, want %q", c.password, got, c.want)
		}
	}
}

func TestRandomIsLongAndNew(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		p := Random()
		if seen[p] || len(p) != 23 || Judge(p) != nil {
			t.Errorf("Random = %q", p)
		}
		seen[p] = true
	}
}

// Whatever is taken for a hash is written again byte for byte.
func FuzzParse(f *testing.F) {
	f.Add("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Add("$argon2id$v=19$m=065536,t=+2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Add("$argon2i$v=19$m=64,t=1,p=1$$")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parse(text)
		if err == nil && (s.String() != text || !s.good()) {
			t.Errorf("parse(%q) gives %q", text, s)
		}
	})
}

// No text makes Judge fail, and what it takes has the length it promises.
func FuzzJudge(f *testing.F) {
	f.Add("a cat by the river", "wang")
	f.Add("\xff\x00", "")
	f.Fuzz(func(t *testing.T, text, account string) {
		if Judge(text, account) == nil && (len([]rune(text)) < minLength || len([]rune(text)) > maxLength) {
			t.Errorf("Judge took %q", text)
		}
	})
}

func BenchmarkCheckDefault(b *testing.B) {
	h := cheap(b, Default())
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := h.Check(b.Context(), "x", ""); err != nil {
			b.Fatal(err)
		}
	}
}
