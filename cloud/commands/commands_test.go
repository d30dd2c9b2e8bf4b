package commands

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/cloud/database"
	"github.com/lamppost-city/lamppost/cloud/database/databasetest"
	"github.com/lamppost-city/lamppost/cloud/store"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(databasetest.Both(m)) }

// rig is a desk with everything around it that a test may change.
type rig struct {
	*Desk
	t   *testing.T
	db  *tables
	key ed25519.PrivateKey

	mu     sync.Mutex
	online map[string]bool // of the gateways that are known
	store  string
	mute   bool // nothing can be sent
	sent   []message
	shown  []string  // states, as the live stream has them
	now    time.Time // of the last round; zero: there was none
}

type message struct {
	topic   string
	command wire.Command
	at      time.Time
}

// tables is the database; down makes its writes fail.
type tables struct {
	*database.DB
	down error
}

func (d *tables) Write(ctx context.Context, fn func(*sql.Tx) error) error {
	if d.down != nil {
		return d.down
	}
	return d.DB.Write(ctx, fn)
}

func newRig(t *testing.T) *rig {
	t.Helper()
	dir := t.TempDir()
	key, err := EnsureKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	db, err := databasetest.Open(t.Context(), filepath.Join(dir, "a.db"), database.Schema{Name: "commands", Steps: Schema()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	r := &rig{t: t, db: &tables{DB: db}, store: "st-1", online: map[string]bool{"gw": true, "away": false}}
	r.Desk, r.key = r.desk(key), key
	return r
}

func (r *rig) desk(key ed25519.PrivateKey) *Desk {
	return New(Options{DB: r.db, Key: key, Prefix: wire.DefaultPrefix, Store: func() string { return r.store }, Log: slog.New(slog.DiscardHandler),
		Online: func(g string) (bool, bool) {
			r.mu.Lock()
			defer r.mu.Unlock()
			online, known := r.online[g]
			return online, known
		},
		Send:    r.send,
		Publish: func(_ string, doc any) { r.shown = append(r.shown, doc.(view.Command).State) },
	})
}

func (r *rig) send(topic string, payload []byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := message{topic: topic, at: time.Now()}
	if err := wire.Decode(payload, &m.command); err != nil {
		r.t.Errorf("published what cannot be read: %v", err)
	}
	if r.mute {
		return false
	}
	r.sent = append(r.sent, m)
	return true
}

func (r *rig) set(gateway string, online bool) {
	r.mu.Lock()
	r.online[gateway] = online
	at := r.now
	r.mu.Unlock()
	if at.IsZero() {
		at = time.Now()
	}
	if online {
		r.came(gateway, at)
	}
}

// messages returns what was published so far.
func (r *rig) messages() []message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]message(nil), r.sent...)
}

func (r *rig) ask(gateway string, since int64) view.Command {
	r.t.Helper()
	c, err := r.Ask(r.t.Context(), gateway, rewind(since, "王芳"), time.Now())
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

func rewind(since int64, by string) view.Ask {
	return view.Ask{Kind: wire.KindRewind, Since: &since, By: by}
}

func (r *rig) list(gateway string) []view.Command {
	r.t.Helper()
	cs, err := r.List(r.t.Context(), gateway)
	if err != nil {
		r.t.Fatal(err)
	}
	return cs
}

func (r *rig) answer(gateway string, reply wire.Reply) {
	r.t.Helper()
	reply.V = wire.Version
	if err := r.Reply(r.t.Context(), gateway, reply, time.Now()); err != nil {
		r.t.Fatal(err)
	}
}

// at runs one round at a time.
func (r *rig) at(now time.Time) []message {
	r.t.Helper()
	before := len(r.messages())
	r.mu.Lock()
	r.now = now
	r.mu.Unlock()
	if err := r.round(r.t.Context(), now); err != nil {
		r.t.Fatal(err)
	}
	return r.messages()[before:]
}

// What is published is signed for that gateway and no other, and the answer is kept.
func TestRewindIsAskedAndAnswered(t *testing.T) {
	r := newRig(t)
	c := r.ask("gw", 1000)
	ms := r.at(time.Now())
	if len(ms) != 1 || ms[0].topic != "lamppost/v1/gw/command/"+c.ID {
		t.Fatalf("published %+v", ms)
	}
	key, err := wire.ParseKey(r.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	got := ms[0].command
	if err := got.Verify([]ed25519.PublicKey{key}, wire.DefaultPrefix, "gw"); err != nil {
		t.Error(err)
	}
	if err := got.Verify([]ed25519.PublicKey{key}, wire.DefaultPrefix, "away"); !errors.Is(err, wire.ErrSignature) {
		t.Errorf("another gateway takes it: %v", err)
	}
	if *got.Rewind != (wire.Rewind{Store: "st-1", Since: 1000}) {
		t.Errorf("rewind %+v", got.Rewind)
	}
	if l := r.list("gw"); len(l) != 1 || l[0].State != "waiting" || l[0].Sent != 1 || l[0].LastSent == nil || l[0].Answered != nil || l[0].By != "王芳" || l[0].Until <= l[0].Issued {
		t.Errorf("listed %+v", l)
	}
	r.answer("gw", wire.Reply{ID: c.ID, OK: true, Records: 77})
	r.answer("gw", wire.Reply{ID: c.ID, Why: "late"}) // the first answer counts
	r.answer("away", wire.Reply{ID: c.ID, Why: "key"})
	if l := r.list("gw"); len(l) != 1 || l[0].State != "done" || l[0].Records != 77 || l[0].Answered == nil || l[0].Why != "" {
		t.Errorf("listed %+v", l)
	}
	if ms := r.at(time.Now().Add(time.Hour)); len(ms) > 0 {
		t.Errorf("published again after the answer: %+v", ms)
	}
}

// A command is published when its gateway comes, then with growing pauses, and never
// while it is away.
func TestPublishedUntilAnswered(t *testing.T) {
	r := newRig(t)
	c := r.ask("away", 0)
	now := time.Now()
	if ms := r.at(now); len(ms) > 0 {
		t.Errorf("published to a gateway that is away: %+v", ms)
	}
	r.set("away", true)
	var pauses []time.Duration
	last := now
	for tick := range 1200 {
		at := now.Add(time.Duration(tick) * look)
		if ms := r.at(at); len(ms) > 0 {
			pauses, last = append(pauses, at.Sub(last)), at
		}
	}
	want := []time.Duration{0, 10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second, 160 * time.Second, 5 * time.Minute, 5 * time.Minute}
	for i, w := range want {
		if i >= len(pauses) || pauses[i] != w {
			t.Fatalf("pauses %v, want to begin with %v", pauses, want)
		}
	}
	r.set("away", false)
	r.set("away", true) // it came again: at once
	if ms := r.at(last.Add(time.Second)); len(ms) != 1 || ms[0].command.ID != c.ID {
		t.Errorf("published %+v when it came again", ms)
	}
	r.mu.Lock()
	r.mute = true
	r.mu.Unlock()
	r.came("away", last.Add(time.Minute))
	sent := r.list("away")[0].Sent
	if r.at(last.Add(time.Minute)); r.list("away")[0].Sent != sent {
		t.Error("what could not be sent is counted")
	}
}

// All that waits goes out, in the order asked for, and none waits for another's answer;
// the numbers rise even if the clock does not.
func TestInOrder(t *testing.T) {
	r := newRig(t)
	now := time.Now()
	var ids []string
	for _, a := range []view.Ask{rewind(0, ""), {Kind: wire.KindAcknowledge, Alert: uuidOf(1)}, {Kind: wire.KindRead, Device: "river"},
		{Kind: wire.KindStill, Device: "gauge"}, {Kind: wire.KindActuate, Output: "lamp", On: new(bool), ForMS: 5}} {
		c, err := r.Ask(t.Context(), "gw", a, now)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, c.ID)
		now = now.Add(-time.Second)
	}
	if l := r.list("gw"); len(l) != 5 || l[0].ID != ids[4] || l[0].Issued <= l[1].Issued || l[1].Issued <= l[2].Issued ||
		l[0].Output != "lamp" || *l[0].On || l[0].ForMS != 5 || l[1].Device != "gauge" || l[2].Device != "river" || l[3].Alert != uuidOf(1) {
		t.Errorf("listed %+v", l)
	}
	ms := r.at(time.Now())
	for i, id := range ids {
		if len(ms) != len(ids) || ms[i].command.ID != id {
			t.Fatalf("published %+v, want %q", ms, ids)
		}
		if err := ms[i].command.Verify([]ed25519.PublicKey{r.o.Key.Public().(ed25519.PublicKey)}, wire.DefaultPrefix, "gw"); err != nil {
			t.Errorf("the gateway says %v", err)
		}
	}
	r.answer("gw", wire.Reply{ID: ids[4], Why: wire.RefusedBlocked, Detail: "its interlock is false"})
	r.answer("gw", wire.Reply{ID: ids[1], OK: true, Outputs: []string{"siren"}})
	if c, err := r.Acknowledgement(t.Context(), uuidOf(1)); err != nil || c.State != "done" || len(c.Outputs) != 1 || c.ID != ids[1] {
		t.Errorf("acknowledgement: %+v, %v", c, err)
	}
	if c, err := r.Get(t.Context(), ids[4]); err != nil || c.State != "refused" || c.Why != "blocked" || c.Detail == "" {
		t.Errorf("actuate: %+v, %v", c, err)
	}
	if _, err := r.Acknowledgement(t.Context(), uuidOf(2)); !errors.Is(err, view.ErrUnknown) {
		t.Errorf("of an alert that nobody has seen: %v", err)
	}
	if want := []string{"waiting", "waiting", "waiting", "waiting", "waiting", "refused", "done"}; !slices.Equal(r.shown, want) {
		t.Errorf("shown %q, want %q", r.shown, want)
	}
	if ms := r.at(time.Now().Add(31 * time.Second)); len(ms) != 3 {
		t.Errorf("published %+v, want those that wait", ms)
	}
	r.at(time.Now().Add(2 * time.Minute))
	if l := r.list("gw"); l[1].State != "expired" || l[2].State != "expired" || l[4].State != "waiting" {
		t.Errorf("after two minutes: %+v", l)
	}
}

func uuidOf(n int) string { return fmt.Sprintf("01930e5a-7c3b-7f00-8a1b-%012d", n) }

// After its deadline a command is given up; an answer that comes all the same counts.
func TestDeadline(t *testing.T) {
	r := newRig(t)
	first := r.ask("gw", 1)
	if ms := r.at(time.UnixMilli(first.Until + 1)); len(ms) != 0 {
		t.Errorf("published %+v after its deadline", ms)
	}
	if l := r.list("gw"); l[0].State != "expired" {
		t.Errorf("listed %+v", l)
	}
	r.answer("gw", wire.Reply{ID: first.ID, Why: "early"})
	if l := r.list("gw"); l[0].State != "refused" || l[0].Why != "early" {
		t.Errorf("listed %+v", l)
	}
}

func TestWhatIsNotAccepted(t *testing.T) {
	r := newRig(t)
	now := time.Now()
	var field *view.FieldError
	for name, c := range map[string]struct {
		gateway, by string
		since       int64
		is          error
		field       string
	}{
		"an unknown gateway": {gateway: "nobody", is: view.ErrUnknown},
		"the future":         {gateway: "gw", since: now.UnixMilli() + 1, field: "since"},
		"before time":        {gateway: "gw", since: -1, field: "since"},
		"a long name":        {gateway: "gw", by: strings.Repeat("王", maxBy+1), field: "by"},
	} {
		_, err := r.Ask(t.Context(), c.gateway, rewind(c.since, c.by), now)
		if c.is != nil && !errors.Is(err, c.is) || c.field != "" && (!errors.As(err, &field) || field.Field != c.field) {
			t.Errorf("%s: %v", name, err)
		}
	}
	on := true
	for name, a := range map[string]view.Ask{
		"kind":   {Kind: "reboot"},
		"since":  {Kind: wire.KindRewind},
		"alert":  {Kind: wire.KindAcknowledge, Alert: "a1"},
		"device": {Kind: wire.KindRead, Device: "River"},
		"output": {Kind: wire.KindActuate, On: &on},
		"on":     {Kind: wire.KindActuate, Output: "lamp"},
		"for_ms": {Kind: wire.KindActuate, Output: "lamp", On: &on, ForMS: -1},
	} {
		if _, err := r.Ask(t.Context(), "gw", a, now); !errors.As(err, &field) || field.Field != name {
			t.Errorf("%+v: %v, want %s", a, err, name)
		}
	}
	for range maxWaiting {
		r.ask("gw", 0)
	}
	if _, err := r.Ask(t.Context(), "gw", rewind(0, ""), now); !errors.Is(err, view.ErrBusy) {
		t.Errorf("one too many: %v", err)
	}
	if _, err := r.Ask(t.Context(), "gw", view.Ask{Kind: wire.KindRead, Device: "river"}, now); err != nil {
		t.Errorf("another kind: %v", err)
	}
	r.store = ""
	if _, err := r.Ask(t.Context(), "away", rewind(0, ""), now); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("without a store: %v", err)
	}
	r.store, r.db.down = "st-1", errors.New("disk on fire")
	if _, err := r.Ask(t.Context(), "away", rewind(0, ""), now); err == nil {
		t.Error("accepted and not kept")
	}
}

// What was accepted is there after a restart, under the same key.
func TestRestart(t *testing.T) {
	r := newRig(t)
	c := r.ask("gw", 5)
	again := r.desk(r.o.Key)
	if again.PublicKey() != r.PublicKey() {
		t.Error("another key")
	}
	r.Desk = again
	if ms := r.at(time.Now()); len(ms) != 1 || ms[0].command.ID != c.ID {
		t.Errorf("published %+v", ms)
	}
}

// Old commands go, a gateway's newest stays: its number must not come again.
func TestPrune(t *testing.T) {
	r := newRig(t)
	old := time.Now().Add(-2 * keep)
	for range 3 {
		c, err := r.Ask(t.Context(), "gw", rewind(0, ""), old)
		if err != nil {
			t.Fatal(err)
		}
		r.answer("gw", wire.Reply{ID: c.ID, OK: true})
	}
	newest := r.list("gw")[0]
	if err := r.prune(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	if l := r.list("gw"); len(l) != 1 || l[0].ID != newest.ID {
		t.Errorf("left: %+v, want %s", l, newest.ID)
	}
}

// Run does all that by itself.
func TestRun(t *testing.T) {
	r := newRig(t)
	sent := make(chan string, 10)
	r.o.Send = func(topic string, payload []byte) bool { sent <- topic; return r.send(topic, payload) }
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	first, second := r.ask("gw", 1), r.ask("gw", 2)
	if topic := <-sent; !strings.HasSuffix(topic, first.ID) {
		t.Errorf("published %s", topic)
	}
	r.answer("gw", wire.Reply{ID: first.ID, OK: true})
	if topic := <-sent; !strings.HasSuffix(topic, second.ID) {
		t.Errorf("published %s, want the next one", topic)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestKey(t *testing.T) {
	dir := t.TempDir()
	if _, err := LoadKey(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("LoadKey of nothing: %v", err)
	}
	var wg sync.WaitGroup
	keys := make([]ed25519.PrivateKey, 8)
	for i := range keys {
		wg.Go(func() {
			var err error
			if keys[i], err = EnsureKey(dir); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, k := range keys {
		if !k.Equal(keys[0]) {
			t.Fatal("two that start at once have different keys")
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Errorf("left in the directory: %v, %v", files, err)
	}
	path := filepath.Join(dir, KeyFile)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := EnsureKey(dir); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key that others can read: %v", err)
	}
	for _, bad := range []string{"", "what", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"} {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := EnsureKey(dir); err == nil {
			t.Errorf("a key file with %q is accepted", bad)
		}
	}
}

// Two desks on one database publish a command once each time, whichever is quicker, with the
// pauses of one; what one of them cannot send, the other does.
func TestTwoDesks(t *testing.T) {
	r := newRig(t)
	other := r.desk(r.key)
	c := r.ask("gw", 0)
	now := time.Now()
	var pauses []time.Duration
	last := now
	for tick := range 200 {
		at, before := now.Add(time.Duration(tick)*look), len(r.messages())
		first, second := r.Desk, other
		if tick%2 == 1 {
			first, second = other, r.Desk
		}
		for _, d := range []*Desk{first, second} {
			if err := d.round(t.Context(), at); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(r.messages()) - before; n > 1 {
			t.Fatalf("published %d times at once", n)
		} else if n == 1 {
			pauses, last = append(pauses, at.Sub(last)), at
		}
	}
	if want := []time.Duration{0, 10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second}; !slices.Equal(pauses, want) {
		t.Errorf("pauses %v, want %v", pauses, want)
	}
	came := now.Add(200 * look)
	before := len(r.messages())
	for _, d := range []*Desk{r.Desk, other} {
		d.came("gw", came)
	}
	for _, d := range []*Desk{r.Desk, other} {
		if err := d.round(t.Context(), came.Add(look)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(r.messages()) - before; n != 1 {
		t.Errorf("published %d times when its gateway came again, want 1", n)
	}
	if l := r.list("gw"); l[0].Sent != len(r.messages()) || l[0].ID != c.ID {
		t.Errorf("%d publications are noted of %d", l[0].Sent, len(r.messages()))
	}
}

// Both give up what is late at the same time: it is shown once.
func TestTwoDesksGiveUpOnce(t *testing.T) {
	r := newRig(t)
	other := r.desk(r.key)
	r.ask("away", 0)
	late := time.Now().Add(8 * 24 * time.Hour)
	for _, d := range []*Desk{r.Desk, other} {
		_, ids, err := d.turns(t.Context(), late)
		if err != nil {
			t.Fatal(err)
		}
		if len(ids) == 0 {
			ids = []string{r.list("away")[0].ID} // as if it had been read before
		}
		if err := d.expire(t.Context(), ids, late); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(r.shown, []string{"waiting", "expired"}) {
		t.Errorf("shown %q", r.shown)
	}
}
