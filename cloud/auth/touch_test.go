package auth

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/auth/password"
	"github.com/lamppost-city/lamppost/cloud/auth/role"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// fullDisk is a database to which nothing can be written while it is full.
type fullDisk struct {
	Database
	full   bool
	writes int
}

var errFull = errors.New("database or disk is full")

func (d *fullDisk) Write(ctx context.Context, fn func(*sql.Tx) error) error {
	if d.writes++; d.full {
		return errFull
	}
	return d.Database.Write(ctx, fn)
}

func onDisk(t *testing.T) (*office, *fullDisk) {
	d := &fullDisk{}
	f := open(t, func(o *Options) { d.Database, o.DB = o.DB, d })
	return f, d
}

// A database that is full, or locked, fails nobody's request: people and programs go on, a
// session that is used does not end, and the use is written down when that is possible.
func TestUseIsWrittenLater(t *testing.T) {
	f, disk := onDisk(t)
	s, p := f.person(f.admin(), "li", role.Grant{Role: role.Engineer, Area: role.Everywhere})
	tok, value, err := f.book.MakeToken(t.Context(), p, Token{Name: "x", Grants: []role.Grant{{Role: role.Viewer, Area: "33"}}, Rate: 6000, Ends: f.now.Add(24 * time.Hour).UnixMilli()})
	if err != nil {
		t.Fatal(err)
	}
	disk.full, disk.writes = true, 0
	for range 20 { // 20 × 29 minutes: each time it would end without the time before
		f.now = f.now.Add(29 * time.Minute)
		for range 5 {
			if !f.alive(s) {
				t.Fatal("a session ended while the disk was full")
			}
			if _, err := f.book.AuthenticateToken(t.Context(), value, "10.0.0.8"); err != nil {
				t.Fatalf("a token while the disk was full: %v", err)
			}
		}
	}
	if disk.writes != 0 {
		t.Errorf("requests waited for %d writes", disk.writes)
	}
	if err := f.book.Flush(t.Context()); !errors.Is(err, errFull) {
		t.Errorf("Flush onto a full disk = %v", err)
	}
	disk.full, disk.writes = false, 0
	for range 2 {
		if err := f.book.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if disk.writes != 1 {
		t.Errorf("%d writes, want one, and none when there is nothing", disk.writes)
	}
	if list := must[[]Session](t)(f.book.Sessions(t.Context(), p, "li")); len(list) != 1 || list[0].Used != f.now.UnixMilli() {
		t.Errorf("the session was used at %+v, want %d", list, f.now.UnixMilli())
	}
	if list := must[[]Token](t)(f.book.Tokens(t.Context(), p, "li")); len(list) != 1 || list[0].ID != tok.ID || list[0].Used == nil || *list[0].Used != f.now.UnixMilli() {
		t.Errorf("the token was used at %+v, want %d", list, f.now.UnixMilli())
	}
	f.now = f.now.Add(59 * time.Second)
	if disk.writes = 0; !f.alive(s) || f.book.Flush(t.Context()) != nil || disk.writes != 0 {
		t.Errorf("%d writes within a minute", disk.writes)
	}
}

// Where nothing could be judged, nobody was guessing: the right password is not slowed down.
func TestWhatIsNotJudgedIsNoAttempt(t *testing.T) {
	f, disk := onDisk(t)
	_, p := f.person(f.admin(), "li", operator)
	disk.full = true
	for range 12 {
		if _, _, err := f.login("li", good, ""); !errors.Is(err, errFull) {
			t.Fatalf("onto a full disk: %v", err)
		}
	}
	disk.full = false

	one, err := password.NewHasher(password.Params{Memory: 64, Time: 1, Threads: 1}, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.book.o.Hasher = one
	var stop atomic.Bool
	var others sync.WaitGroup
	for range 4 { // they keep the one slot busy
		others.Go(func() {
			for !stop.Load() {
				_, _ = one.Hash(t.Context(), "x") // busy, as often as not
			}
		})
	}
	for busy := 0; busy < 60; {
		_, _, err := f.login("li", good, "")
		if err == nil {
			_, err = f.book.again(t.Context(), p, good)
		}
		if errors.Is(err, view.ErrBusy) {
			busy++
		} else if err != nil && !errors.Is(err, ErrSession) {
			t.Fatalf("after %d times busy: %v", busy, err)
		}
	}
	stop.Store(true)
	others.Wait()
}

// Whoever is asked for again is who it is now, and that is no use.
func TestAgain(t *testing.T) {
	f := open(t)
	admin := f.admin()
	s, p := f.person(admin, "li", role.Grant{Role: role.Engineer, Area: "33"})
	tok, value, err := f.book.MakeToken(t.Context(), p, Token{Name: "x", Grants: []role.Grant{{Role: role.Viewer, Area: "33"}}, Rate: 1, Ends: f.now.Add(24 * time.Hour).UnixMilli()})
	if err != nil {
		t.Fatal(err)
	}
	program := must[*Principal](t)(f.book.AuthenticateToken(t.Context(), value, "10.0.0.8"))
	for range 3 {
		f.now = f.now.Add(9 * time.Minute)
		for _, x := range []*Principal{p, program} { // the program's rate is one a minute
			if now, err := f.book.Again(t.Context(), x); err != nil || now.Person != "li" || now.Token != x.Token || !now.May(role.View, "3301") {
				t.Errorf("Again(%+v) = %+v, %v", x, now, err)
			}
		}
	}
	f.now = f.now.Add(4 * time.Minute)
	if _, err := f.book.Again(t.Context(), p); !errors.Is(err, ErrSession) || f.alive(s) {
		t.Errorf("a session that nobody used for 31 minutes: %v", err)
	}
	grants := []role.Grant{{Role: role.Engineer, Area: "44"}}
	if _, err := f.book.Change(t.Context(), admin, "li", Change{Grants: &grants}); err != nil {
		t.Fatal(err)
	}
	if now, err := f.book.Again(t.Context(), program); err != nil || now.May(role.View, "3301") {
		t.Errorf("after the owner's rights were taken: %v, may %v", err, now.May(role.View, "3301"))
	}
	if err := f.book.RevokeToken(t.Context(), admin, "li", tok.ID); err != nil {
		t.Fatal(err)
	}
	for _, x := range []*Principal{program, nil} {
		if _, err := f.book.Again(t.Context(), x); !errors.Is(err, ErrSession) {
			t.Errorf("Again(%+v) = %v", x, err)
		}
	}
}

// A reset takes the tokens as well: whoever knew the password may have made them.
func TestResetRevokesTokens(t *testing.T) {
	f := open(t)
	admin := f.admin()
	_, p := f.person(admin, "li", role.Grant{Role: role.Engineer, Area: "33"})
	_, value, err := f.book.MakeToken(t.Context(), p, Token{Name: "x", Grants: []role.Grant{{Role: role.Viewer, Area: "33"}}, Rate: 60, Ends: f.now.Add(24 * time.Hour).UnixMilli()})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err = f.book.ChangePassword(t.Context(), p, good, good+" 2"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.book.AuthenticateToken(t.Context(), value, "10.0.0.8"); err != nil {
		t.Errorf("after a change of one's own: %v", err)
	}
	if _, err := f.book.Reset(t.Context(), admin, "li", false); err != nil {
		t.Fatal(err)
	}
	if _, err := f.book.AuthenticateToken(t.Context(), value, "10.0.0.8"); !errors.Is(err, ErrSession) {
		t.Errorf("after a reset: %v", err)
	}
}
