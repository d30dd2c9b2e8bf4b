package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/cloud/audit"
	"github.com/lamppost-city/lamppost/cloud/auth/password"
	"github.com/lamppost-city/lamppost/cloud/auth/role"
	"github.com/lamppost-city/lamppost/cloud/auth/totp"
	"github.com/lamppost-city/lamppost/cloud/database"
	"github.com/lamppost-city/lamppost/cloud/database/databasetest"
	"github.com/lamppost-city/lamppost/cloud/view"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(databasetest.Both(m)) }

// office is a book on a real database, with a clock that the test turns.
type office struct {
	t     *testing.T
	book  *Book
	db    *database.DB
	log   *audit.Log
	first *First
	now   time.Time
	o     Options
}

const good = "tulip otter brass 94"

func open(t *testing.T, with ...func(*Options)) *office {
	t.Helper()
	db, err := databasetest.Open(t.Context(), filepath.Join(t.TempDir(), "a.db"),
		database.Schema{Name: "audit", Steps: audit.Schema()}, database.Schema{Name: "auth", Steps: Schema()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	f := &office{t: t, db: db, now: time.Date(2026, 6, 18, 3, 0, 0, 0, time.UTC)}
	if f.log, err = audit.Open(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	h, err := password.NewHasher(password.Params{Memory: 64, Time: 1, Threads: 1}, 2, 100)
	if err != nil {
		t.Fatal(err)
	}
	f.o = Options{DB: db, Audit: f.log.Append, Key: make([]byte, keySize), Hasher: h, Now: func() time.Time { return f.now }}
	for _, w := range with {
		w(&f.o)
	}
	if f.book, f.first, err = Open(t.Context(), f.o); err != nil {
		t.Fatal(err)
	}
	return f
}

// must is for calls that cannot fail here.
func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func (f *office) login(person, pass, code string) (string, *Principal, error) {
	return f.book.Login(f.t.Context(), Attempt{Person: person, Password: pass, Code: code, Address: "10.0.0.7", Agent: "Firefox\u202e"})
}

// admin is the first account, with a password of its own.
func (f *office) admin() *Principal {
	f.t.Helper()
	_, p, err := f.login("admin", f.first.Password, "")
	if err != nil {
		f.t.Fatal(err)
	}
	_, p, err = f.book.ChangePassword(f.t.Context(), p, f.first.Password, good)
	if err != nil {
		f.t.Fatal(err)
	}
	return p
}

// person makes an account and logs it in.
func (f *office) person(admin *Principal, id string, grants ...role.Grant) (string, *Principal) {
	f.t.Helper()
	_, first, err := f.book.Make(f.t.Context(), admin, id, "某 "+id, grants)
	if err != nil {
		f.t.Fatal(err)
	}
	_, p, err := f.login(id, first, "")
	if err != nil {
		f.t.Fatal(err)
	}
	s, p, err := f.book.ChangePassword(f.t.Context(), p, first, good)
	if err != nil {
		f.t.Fatal(err)
	}
	return s, p
}

func (f *office) alive(session string) bool {
	f.t.Helper()
	_, err := f.book.Authenticate(f.t.Context(), session, "10.0.0.7")
	if err != nil && !errors.Is(err, ErrSession) {
		f.t.Fatal(err)
	}
	return err == nil
}

// lines are the audit log, the oldest first, as "who what about result".
func (f *office) lines() (out []string) {
	f.t.Helper()
	for _, e := range slices.Backward(must[[]view.Audit](f.t)(f.log.List(f.t.Context(), view.AuditFilter{Limit: 1000}))) {
		out = append(out, e.Who+" "+e.What+" "+e.About+" "+e.Result)
	}
	return out
}

func (f *office) says(want ...string) {
	f.t.Helper()
	lines := f.lines()
	if got := lines[max(0, len(lines)-len(want)):]; !slices.Equal(got, want) {
		f.t.Errorf("the audit log ends with\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

var operator = role.Grant{Role: role.Operator, Area: "330105"}

func TestFirstStart(t *testing.T) {
	f := open(t)
	if f.first == nil || f.first.Person != "admin" || password.Judge(f.first.Password) != nil {
		t.Fatalf("first = %+v", f.first)
	}
	f.says("system account.make admin done")
	_, again, err := Open(t.Context(), f.o)
	if err != nil || again != nil {
		t.Errorf("a second Open made %+v, %v", again, err)
	}
	_, p, err := f.login("admin", f.first.Password, "")
	if err != nil || p.Must != "password" || p.May(role.View, "*") || p.Anywhere(role.Accounts) {
		t.Fatalf("login with the first password = %+v, %v; want one that must be changed before anything else", p, err)
	}
	if _, _, err := f.book.Make(t.Context(), p, "li", "李", nil); !errors.Is(err, ErrForbidden) {
		t.Errorf("an account was made before the password was changed: %v", err)
	}
	if _, p, err = f.book.ChangePassword(t.Context(), p, f.first.Password, good); err != nil || p.Must != "" || !p.May(role.Accounts, "*") {
		t.Errorf("after the change: %+v, %v", p, err)
	}
}

func TestOpenRefusesAShortKey(t *testing.T) {
	f := open(t)
	f.o.Key = []byte("short")
	if _, _, err := Open(t.Context(), f.o); err == nil {
		t.Error("Open took a key of 5 bytes")
	}
}

func TestWrongLoginsAllSayTheSame(t *testing.T) {
	f := open(t)
	admin := f.admin()
	f.person(admin, "li", operator)
	f.person(admin, "off", operator)
	no := false
	if _, err := f.book.Change(t.Context(), admin, "off", Change{Active: &no}); err != nil {
		t.Fatal(err)
	}
	var texts []string
	for i, a := range []Attempt{
		{Person: "li", Password: "wrong"}, {Person: "nobody", Password: good}, {Person: "off", Password: good}, {Person: "li"},
		{Person: "li", Password: strings.Repeat("x", maxOffered+1)}, {Person: "LI", Password: good}, {Person: "", Password: good}, {Person: "li\x00' or 1=1 --", Password: good},
	} {
		a.Address = fmt.Sprintf("10.1.0.%d", i)
		_, p, err := f.book.Login(t.Context(), a)
		if !errors.Is(err, ErrLogin) || p != nil {
			t.Errorf("Login(%+v) = %v, %v", a, p, err)
		}
		texts = append(texts, fmt.Sprint(err))
	}
	if slices.Sort(texts); texts[0] != texts[len(texts)-1] {
		t.Errorf("they do not say the same: %q", texts)
	}
	f.says("li login li failed", "li login li failed", "? login ? failed", "? login ? failed", "? login ? failed") // what is no account may be a password
}

func TestSessionsEnd(t *testing.T) {
	f := open(t)
	s, _ := f.person(f.admin(), "li", operator)
	for range 23 { // 23 × 29 minutes, used each time
		f.now = f.now.Add(29 * time.Minute)
		if !f.alive(s) {
			t.Fatalf("a session in use ended at %v", f.now)
		}
	}
	f.now = f.now.Add(2 * time.Minute)
	f.now = f.now.Add(29 * time.Minute) // more than 12 hours in all
	if f.alive(s) {
		t.Error("a session lives longer than 12 hours")
	}
	s, _, err := f.login("li", good, "")
	if err != nil {
		t.Fatal(err)
	}
	f.now = f.now.Add(31 * time.Minute)
	if f.alive(s) {
		t.Error("a session lives after 31 minutes without a request")
	}
	if f.alive("") || f.alive(strings.Repeat("a", 52)) {
		t.Error("a session that never was is taken")
	}
	var n int
	if _, _, err := f.login("li", good, ""); err != nil {
		t.Fatal(err)
	}
	if err := f.db.Read().QueryRowContext(t.Context(), "select count(*) from session where person = 'li'").Scan(&n); err != nil || n != 1 {
		t.Errorf("%d rows of sessions, %v; want the ended ones gone", n, err)
	}
}

// Session fixation: the value that a browser had before a login is never the one after.
func TestLoginGivesANewSession(t *testing.T) {
	f := open(t)
	before, _ := f.person(f.admin(), "li", operator)
	after, p, err := f.book.Login(t.Context(), Attempt{Person: "li", Password: good, Address: "10.0.0.7", Replaces: before})
	if err != nil || after == before || f.alive(before) || !f.alive(after) {
		t.Errorf("after a login: %v, same value %v, old one alive %v", err, after == before, f.alive(before))
	}
	if len(after) != 52 || p.CSRF == "" || strings.Contains(p.CSRF, after) {
		t.Errorf("session %q, CSRF %q", after, p.CSRF)
	}
	stranger := strings.Repeat("b", 52)
	if _, _, err := f.book.Login(t.Context(), Attempt{Person: "li", Password: good, Address: "10.0.0.7", Replaces: stranger}); err != nil || f.alive(stranger) {
		t.Errorf("a value that a stranger chose became a session: %v", err)
	}
}

func TestSessionsEndWhenRightsOrPasswordChange(t *testing.T) {
	f := open(t)
	admin := f.admin()
	yes, no := true, false
	for name, change := range map[string]func() error{
		"rights": func() error {
			_, err := f.book.Change(t.Context(), admin, "li", Change{Grants: &[]role.Grant{{Role: role.Viewer, Area: "330105"}}})
			return err
		},
		"off":   func() error { _, err := f.book.Change(t.Context(), admin, "li", Change{Active: &no}); return err },
		"reset": func() error { _, err := f.book.Reset(t.Context(), admin, "li", false); return err },
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := f.book.Account(t.Context(), admin, "li"); err == nil {
				for _, s := range must[[]Session](t)(f.book.Sessions(t.Context(), admin, "li")) {
					t.Fatalf("a session of the case before lives: %+v", s)
				}
				if err := f.db.Write(t.Context(), func(tx *sql.Tx) error {
					_, err := tx.ExecContext(t.Context(), "delete from person where id = 'li'")
					return err
				}); err != nil {
					t.Fatal(err)
				}
			}
			a, _ := f.person(admin, "li", operator)
			b, _, err := f.login("li", good, "")
			if err != nil || !f.alive(a) || !f.alive(b) {
				t.Fatal(err, "two sessions should live")
			}
			if _, err := f.book.Change(t.Context(), admin, "li", Change{Active: &yes}); err != nil || !f.alive(a) {
				t.Errorf("a change that changes nothing ended a session: %v", err)
			}
			if err := change(); err != nil {
				t.Fatal(err)
			}
			if f.alive(a) || f.alive(b) {
				t.Error("a session outlived it")
			}
		})
	}
}

func TestOwnPasswordRotatesTheSession(t *testing.T) {
	f := open(t)
	a, p := f.person(f.admin(), "li", operator)
	other, _, err := f.login("li", good, "")
	if err != nil {
		t.Fatal(err)
	}
	began := f.now
	f.now = f.now.Add(20 * time.Minute)
	b, now, err := f.book.ChangePassword(t.Context(), p, good, good+" anew")
	if err != nil || b == a || f.alive(a) || f.alive(other) || !f.alive(b) {
		t.Errorf("ChangePassword: %v; old value alive %v, other session alive %v", err, f.alive(a), f.alive(other))
	}
	if list := must[[]Session](t)(f.book.Sessions(t.Context(), now, "li")); len(list) != 1 || list[0].Made != began.UnixMilli() || !list[0].Current || list[0].Agent != "Firefox" {
		t.Errorf("sessions = %+v, want one that ends when the old one would have", list)
	}
	for _, c := range []struct{ old, new, want string }{
		{"wrong", good + " again", ErrLogin.Error()}, {good + " anew", "short", "12 characters"}, {good + " anew", good + " anew", "is the old one"}, {good + " anew", "某 li某 li3.14159", "little else"},
	} {
		if _, _, err := f.book.ChangePassword(t.Context(), now, c.old, c.new); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("ChangePassword(%q, %q) = %v, want %q", c.old, c.new, err, c.want)
		}
	}
}

func TestMaxAgeAndSecondFactorComeFirst(t *testing.T) {
	f := open(t, func(o *Options) { o.MaxAge, o.SecondFactor = 90*24*time.Hour, true })
	_, p, err := f.login("admin", f.first.Password, "")
	if err != nil || p.Must != "password" {
		t.Fatal(p, err)
	}
	if _, p, err = f.book.ChangePassword(t.Context(), p, f.first.Password, good); err != nil || p.Must != "second-factor" || p.May(role.View, "*") {
		t.Fatalf("then %+v, %v; want the second factor", p, err)
	}
	secret := f.factor(p)
	f.now = f.now.Add(time.Minute)
	if _, p, err = f.login("admin", good, totp.Code(secret, f.now)); err != nil || p.Must != "" || !p.May(role.View, "*") {
		t.Fatalf("then %+v, %v", p, err)
	}
	f.now = f.now.Add(91 * 24 * time.Hour)
	if _, p, err = f.login("admin", good, totp.Code(secret, f.now)); err != nil || p.Must != "password" {
		t.Errorf("after 91 days %+v, %v; want a new password", p, err)
	}
}

// factor sets one-time codes up and returns the secret.
func (f *office) factor(p *Principal) []byte {
	f.t.Helper()
	secret, _, _ := f.factorWithRecovery(p)
	return secret
}

func (f *office) factorWithRecovery(p *Principal) ([]byte, []string, *Principal) {
	f.t.Helper()
	_, uri, err := f.book.BeginFactor(f.t.Context(), p, good)
	if err != nil || !strings.HasPrefix(uri, "otpauth://totp/Lamppost:") {
		f.t.Fatal(uri, err)
	}
	who, _, err := load(f.t.Context(), f.db.Read(), p.Person)
	if err != nil {
		f.t.Fatal(err)
	}
	secret, err := f.book.unseal(p.Person, who.pending)
	if err != nil {
		f.t.Fatal(err)
	}
	var field *view.FieldError
	if _, _, _, err := f.book.ConfirmFactor(f.t.Context(), p, "000000"); !errors.As(err, &field) {
		f.t.Fatalf("a wrong first code: %v", err)
	}
	recovery, _, now, err := f.book.ConfirmFactor(f.t.Context(), p, totp.Code(secret, f.now))
	if err != nil || len(recovery) != recoveryCodes {
		f.t.Fatal(recovery, err)
	}
	return secret, recovery, now
}

func TestOneTimeCodes(t *testing.T) {
	f := open(t)
	_, p := f.person(f.admin(), "li", operator)
	secret, recovery, p := f.factorWithRecovery(p)
	if _, _, err := f.login("li", good, totp.Code(secret, f.now)); !errors.Is(err, ErrLogin) {
		t.Errorf("the code that set it up works again: %v", err)
	}
	f.now = f.now.Add(30 * time.Second)
	code := totp.Code(secret, f.now)
	if _, _, err := f.login("li", good, ""); !errors.Is(err, ErrCode) {
		t.Errorf("without a code: %v, want ErrCode", err)
	}
	if _, _, err := f.login("li", "wrong", ""); !errors.Is(err, ErrLogin) {
		t.Errorf("with a wrong password and no code: %v, want ErrLogin", err)
	}
	if _, _, err := f.login("li", "wrong", code); !errors.Is(err, ErrLogin) {
		t.Errorf("with a wrong password: %v", err)
	}
	if _, _, err := f.login("li", good, code); err != nil {
		t.Errorf("with the code, which a wrong password does not use up: %v", err)
	}
	if _, _, err := f.login("li", good, code); !errors.Is(err, ErrLogin) {
		t.Errorf("with the same code again: %v, want it refused", err)
	}
	if _, _, err := f.login("li", good, strings.ToUpper(strings.ReplaceAll(recovery[3], "-", " "))); err != nil {
		t.Errorf("with a recovery code: %v", err)
	}
	if _, _, err := f.login("li", good, recovery[3]); !errors.Is(err, ErrLogin) {
		t.Errorf("with it again: %v", err)
	}
	if _, _, err := f.book.RemoveFactor(t.Context(), p, "wrong"); !errors.Is(err, ErrLogin) {
		t.Errorf("RemoveFactor with a wrong password = %v", err)
	}
	if _, _, err := f.book.RemoveFactor(t.Context(), p, good); err != nil {
		t.Errorf("RemoveFactor = %v", err)
	}
	if _, _, err := f.login("li", good, ""); err != nil {
		t.Errorf("without codes again: %v", err)
	}
}

// Who has the password guesses no code by asking in between which is wanted.
func TestAskingForTheCodeForgivesNothing(t *testing.T) {
	f := open(t)
	_, p := f.person(f.admin(), "li", operator)
	f.factorWithRecovery(p)
	for range 20 {
		var slow *Slow
		if _, _, err := f.login("li", good, "000000"); errors.As(err, &slow) {
			return
		}
		if _, _, err := f.login("li", good, ""); errors.As(err, &slow) {
			return
		}
	}
	t.Error("twenty wrong codes were not slowed down")
}

// One code offered many times at once, to two aggregators, lets one in.
func TestACodeWorksOnce(t *testing.T) {
	f := open(t)
	_, p := f.person(f.admin(), "li", operator)
	secret, recovery, _ := f.factorWithRecovery(p)
	second, _, err := Open(t.Context(), f.o)
	if err != nil {
		t.Fatal(err)
	}
	f.now = f.now.Add(30 * time.Second)
	for _, code := range []string{totp.Code(secret, f.now), recovery[0]} {
		var wg sync.WaitGroup
		in := make(chan string, 6)
		for i, b := range []*Book{f.book, second, f.book, second, f.book, second} {
			wg.Go(func() {
				s, _, err := b.Login(t.Context(), Attempt{Person: "li", Password: good, Code: code, Address: fmt.Sprintf("10.2.0.%d", i)})
				if err == nil {
					in <- s
				} else if !errors.Is(err, ErrLogin) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if len(in) != 1 {
			t.Errorf("one code let %d in", len(in))
		}
		f.now = f.now.Add(time.Hour)
	}
}

// Rows of one person are worth nothing in another's: the secret is sealed for its owner.
func TestSealedForItsOwner(t *testing.T) {
	f := open(t)
	admin := f.admin()
	_, p := f.person(admin, "li", operator)
	f.person(admin, "wang", operator)
	f.factor(p)
	if err := f.db.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), "update person set totp = (select totp from person where id = 'li') where id = 'wang'")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.login("wang", good, "123456"); err == nil || errors.Is(err, ErrLogin) || !strings.Contains(err.Error(), KeyFile) {
		t.Errorf("Login with a secret of somebody else = %v, want the key named", err)
	}
}

// Attempts are slowed down by account and address, by address, and by account for
// strangers; the owner at the usual place is let in all the while.
func TestSlowDown(t *testing.T) {
	f := open(t)
	f.person(f.admin(), "li", operator)
	attempt := func(person, pass, address string) error {
		_, _, err := f.book.Login(t.Context(), Attempt{Person: person, Password: pass, Address: address})
		return err
	}
	waits := func(err error) time.Duration {
		var slow *Slow
		if errors.As(err, &slow) {
			return slow.Wait
		}
		return 0
	}
	// One stranger: five free attempts, then 1 s, 2 s, 4 s … 15 min.
	var got []time.Duration
	for range 20 {
		for {
			err := attempt("li", "wrong", "203.0.113.5")
			if w := waits(err); w > 0 {
				got = append(got, w)
				f.now = f.now.Add(w)
				continue
			}
			break
		}
	}
	if len(got) < 12 || got[0] != time.Second || got[1] != 2*time.Second || !slices.Contains(got, 15*time.Minute) || slices.Max(got) != 15*time.Minute {
		t.Errorf("waits %v", got)
	}
	if n := len(slices.DeleteFunc(f.lines(), func(l string) bool { return l != "li login.slowed li refused" })); n != 2 {
		t.Errorf("%d lines tell of it, want one for the stranger and one for the account", n)
	}
	// A thousand addresses: the account is open to strangers once a minute.
	tried := 0
	for i := range 1000 {
		if err := attempt("li", "wrong", fmt.Sprintf("198.51.%d.%d", i/250, i%250)); errors.Is(err, ErrLogin) {
			tried++
		}
	}
	if tried > int(byAccount.free)+2 {
		t.Errorf("%d attempts in one moment from a thousand addresses", tried)
	}
	if err := attempt("li", good, "192.0.2.1"); waits(err) == 0 {
		t.Errorf("the right password from another new address = %v; it waits like any stranger, else it would tell", err)
	}
	if err := attempt("li", good, "10.0.0.7"); err != nil {
		t.Errorf("the owner at the usual place: %v", err)
	}
	// One address, many accounts.
	tried = 0
	for i := range 200 {
		if err := attempt(fmt.Sprintf("p%d", i), "Spring2026!", "192.0.2.66"); errors.Is(err, ErrLogin) {
			tried++
		}
	}
	if tried > int(byAddress.free)+1 {
		t.Errorf("one address tried %d accounts in one moment", tried)
	}
}

// Accounts that exist and accounts that do not are slowed down alike.
func TestSlowDownTellsNothing(t *testing.T) {
	f := open(t)
	f.person(f.admin(), "li", operator)
	run := func(person string, address int) (out []string) {
		for range 12 {
			_, _, err := f.book.Login(t.Context(), Attempt{Person: person, Password: "wrong", Address: fmt.Sprintf("192.0.2.%d", address)})
			out = append(out, fmt.Sprint(err))
			f.now = f.now.Add(700 * time.Millisecond)
		}
		return out
	}
	if a, b := run("li", 1), run("nobody", 2); !reflect.DeepEqual(a, b) {
		t.Errorf("an account that exists: %q\none that does not: %q", a, b)
	}
}

func TestAttemptsAtOnceAreAllCounted(t *testing.T) {
	f := open(t)
	f.person(f.admin(), "li", operator)
	var wg sync.WaitGroup
	tried := make(chan bool, 100)
	for range 100 {
		wg.Go(func() {
			_, _, err := f.book.Login(t.Context(), Attempt{Person: "li", Password: "wrong", Address: "203.0.113.5"})
			tried <- errors.Is(err, ErrLogin)
		})
	}
	wg.Wait()
	close(tried)
	n := 0
	for did := range tried {
		if did {
			n++
		}
	}
	if n != byBoth.free+1 {
		t.Errorf("%d of 100 attempts at once were tried, want %d", n, byBoth.free+1)
	}
}

func TestPlace(t *testing.T) {
	for in, want := range map[string]string{"10.0.0.7": "10.0.0.7", "::ffff:10.0.0.7": "::ffff:10.0.0.7", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64", "": ""} {
		if got := place(in); got != want {
			t.Errorf("place(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestGateIsBounded(t *testing.T) {
	g, now := newGate(), time.Unix(1e9, 0)
	for range 8 {
		g.take(now, keyed{"victim", byBoth})
	}
	for i := range maxTallies + 500 {
		g.take(now, keyed{fmt.Sprint(i), byBoth})
	}
	if len(g.tallies) > maxTallies {
		t.Errorf("%d tallies, want at most %d", len(g.tallies), maxTallies)
	}
	if wait, _ := g.take(now, keyed{"victim", byBoth}); wait == 0 {
		t.Error("a flood of other keys made a slowed one free")
	}
	g.take(now.Add(24*time.Hour), keyed{"late", byBoth})
	if len(g.tallies) > 1 {
		t.Errorf("%d tallies a day later, want those that have sunk gone", len(g.tallies))
	}
}

func TestTokens(t *testing.T) {
	f := open(t)
	admin := f.admin()
	_, p := f.person(admin, "bot.owner", role.Grant{Role: role.Integrator, Area: "3301"}, role.Grant{Role: role.Viewer, Area: "3302"})
	ask := Token{Name: "city platform", Grants: []role.Grant{{Role: role.Viewer, Area: "330105"}}, Rate: 60, Ends: f.now.Add(24 * time.Hour).UnixMilli()}
	made, value, err := f.book.MakeToken(t.Context(), p, ask)
	if err != nil || !strings.HasPrefix(value, "lp_"+made.ID+"_") {
		t.Fatal(made, value, err)
	}
	who, err := f.book.AuthenticateToken(t.Context(), value, "192.0.2.9")
	if err != nil || who.Person != "bot.owner" || who.Token != made.ID || who.CSRF != "" {
		t.Fatalf("AuthenticateToken = %+v, %v", who, err)
	}
	for _, c := range []struct {
		a    role.Action
		area string
		want bool
	}{{role.View, "330105003", true}, {role.View, "330106", false}, {role.View, "3302", false}, {role.Export, "330105", false}, {role.MakeToken, "330105", false}} {
		if got := who.May(c.a, c.area); got != c.want {
			t.Errorf("the token may %s in %s: %v", c.a, c.area, got)
		}
	}
	for bad, change := range map[string]func(*Token){
		"another area":   func(t *Token) { t.Grants = []role.Grant{{Role: role.Viewer, Area: "33"}} },
		"another role":   func(t *Token) { t.Grants = []role.Grant{{Role: role.Operator, Area: "3301"}} },
		"no grant":       func(t *Token) { t.Grants = nil },
		"admin":          func(t *Token) { t.Grants = []role.Grant{{Role: role.Admin, Area: "3301"}} },
		"no rate":        func(t *Token) { t.Rate = 0 },
		"no end":         func(t *Token) { t.Ends = 0 },
		"two years":      func(t *Token) { t.Ends = f.now.Add(2 * maxLife).UnixMilli() },
		"no name":        func(t *Token) { t.Name = " " },
		"invisible name": func(t *Token) { t.Name = "a\u202eb" },
	} {
		ask := ask
		change(&ask)
		if _, _, err := f.book.MakeToken(t.Context(), p, ask); err == nil {
			t.Errorf("a token with %s was made", bad)
		}
	}
	if _, _, err := f.book.MakeToken(t.Context(), who, ask); !errors.Is(err, ErrForbidden) {
		t.Errorf("a token made a token: %v", err)
	}
	_, op := f.person(admin, "op", operator)
	if _, _, err := f.book.MakeToken(t.Context(), op, Token{Name: "x", Grants: []role.Grant{operator}, Rate: 1, Ends: ask.Ends}); !errors.Is(err, ErrForbidden) {
		t.Errorf("an operator made a token: %v", err)
	}
	f.says("op token.make x refused")

	for _, bad := range []string{"", "lp_", value[:len(value)-1], value + "a", value[:len(value)-1] + "A", strings.Replace(value, made.ID, strings.Repeat("a", tokenID), 1), "xx_" + value[3:]} {
		if _, err := f.book.AuthenticateToken(t.Context(), bad, ""); !errors.Is(err, ErrSession) {
			t.Errorf("AuthenticateToken(%q) = %v", bad, err)
		}
	}
	if err := f.book.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if list := must[[]Token](t)(f.book.Tokens(t.Context(), p, "bot.owner")); len(list) != 1 || list[0].Used == nil || list[0].Name != "city platform" {
		t.Errorf("Tokens = %+v", list)
	}
}

func TestATokenEnds(t *testing.T) {
	f := open(t)
	admin := f.admin()
	_, p := f.person(admin, "owner", role.Grant{Role: role.Integrator, Area: "3301"})
	make := func() string {
		_, value, err := f.book.MakeToken(t.Context(), p, Token{Name: "x", Grants: []role.Grant{{Role: role.Integrator, Area: "330105"}}, Rate: 60, Ends: f.now.Add(time.Hour).UnixMilli()})
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	check := func(value string) error {
		_, err := f.book.AuthenticateToken(t.Context(), value, "")
		return err
	}
	value := make()
	id, _ := tokenOf(value)
	if err := f.book.RevokeToken(t.Context(), p, "owner", "none"); !errors.Is(err, view.ErrUnknown) {
		t.Errorf("RevokeToken of none = %v", err)
	}
	if err := f.book.RevokeToken(t.Context(), admin, "owner", id); err != nil || !errors.Is(check(value), ErrSession) {
		t.Errorf("revoked: %v, %v", err, check(value))
	}
	value = make()
	// What the owner loses, the token loses at once.
	if _, err := f.book.Change(t.Context(), admin, "owner", Change{Grants: &[]role.Grant{{Role: role.Viewer, Area: "3301"}}}); err != nil {
		t.Fatal(err)
	}
	if who, err := f.book.AuthenticateToken(t.Context(), value, ""); err != nil || who.May(role.Export, "330105") || !who.May(role.View, "330105") {
		t.Errorf("after its owner lost a role: %v, %v", who, err)
	}
	no := false
	if _, err := f.book.Change(t.Context(), admin, "owner", Change{Active: &no}); err != nil || !errors.Is(check(value), ErrSession) {
		t.Errorf("its owner is off: %v, %v", err, check(value))
	}
	yes := true
	if _, err := f.book.Change(t.Context(), admin, "owner", Change{Active: &yes}); err != nil || check(value) != nil {
		t.Errorf("its owner is on again: %v, %v", err, check(value))
	}
	f.now = f.now.Add(time.Hour)
	if !errors.Is(check(value), ErrSession) {
		t.Errorf("past its end: %v", check(value))
	}
}

// A screen looks at its area for a year, through its own browser's cookie only, and is ended
// as any token is.
func TestAScreen(t *testing.T) {
	f := open(t)
	admin := f.admin()
	engineer := role.Grant{Role: role.Engineer, Area: "3301"}
	_, p := f.person(admin, "eng", engineer)
	for bad, c := range map[string]struct{ name, area string }{"another area": {"wall", "33"}, "everywhere": {"wall", "*"}, "no name": {" ", "330105"}, "no area": {"wall", ""}} {
		if _, _, err := f.book.KeepScreen(t.Context(), p, c.name, c.area); err == nil {
			t.Errorf("a screen of %s was kept", bad)
		}
	}
	_, op := f.person(admin, "op", operator)
	if _, _, err := f.book.KeepScreen(t.Context(), op, "wall", operator.Area); !errors.Is(err, ErrForbidden) {
		t.Errorf("an operator kept a screen: %v", err)
	}
	value, screen, err := f.book.KeepScreen(t.Context(), p, "wall", "330105")
	if err != nil || screen.Name != "wall" || screen.Session != "" || screen.CSRF == "" {
		t.Fatal(screen, err)
	}
	if _, err := f.book.Again(t.Context(), p); !errors.Is(err, ErrSession) {
		t.Errorf("the session of who kept it goes on: %v", err)
	}
	for _, a := range role.Actions() {
		if got := screen.May(a, "330105001"); got != (a == role.View) {
			t.Errorf("a screen may %s: %v", a, got)
		}
	}
	if _, err := f.book.AuthenticateToken(t.Context(), value, ""); !errors.Is(err, ErrSession) {
		t.Errorf("a program comes in with a screen's value: %v", err)
	}
	if _, _, err := f.book.KeepScreen(t.Context(), screen, "another", "330105"); !errors.Is(err, ErrForbidden) {
		t.Errorf("a screen kept a screen: %v", err)
	}
	f.now = f.now.Add(364 * 24 * time.Hour)
	if _, err := f.book.AuthenticateScreen(t.Context(), value, ""); err != nil {
		t.Errorf("after most of a year: %v", err)
	}
	if err := f.book.Logout(t.Context(), screen); err != nil {
		t.Fatal(err)
	}
	if _, err := f.book.AuthenticateScreen(t.Context(), value, ""); !errors.Is(err, ErrSession) {
		t.Errorf("a screen that was ended comes in: %v", err)
	}

	_, p = f.person(admin, "eng2", engineer)
	_, program, err := f.book.MakeToken(t.Context(), p, Token{Name: "x", Grants: []role.Grant{{Role: role.Viewer, Area: "330105"}}, Rate: 60, Ends: f.now.Add(time.Hour).UnixMilli()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.book.AuthenticateScreen(t.Context(), program, ""); !errors.Is(err, ErrSession) {
		t.Errorf("a program's value in a cookie comes in: %v", err)
	}
	value, screen = must2(t)(f.book.KeepScreen(t.Context(), p, "wall", "3301"))
	list := must[[]Token](t)(f.book.Tokens(t.Context(), admin, "eng2"))
	if at := slices.IndexFunc(list, func(x Token) bool { return x.ID == screen.Token }); at < 0 || !list[at].Screen || list[1-at].Screen {
		t.Errorf("Tokens = %+v", list)
	}
	if err := f.book.RevokeToken(t.Context(), admin, "eng2", screen.Token); err != nil {
		t.Fatal(err)
	}
	if _, err := f.book.AuthenticateScreen(t.Context(), value, ""); !errors.Is(err, ErrSession) {
		t.Errorf("a screen that was revoked comes in: %v", err)
	}
}

func must2(t *testing.T) func(string, *Principal, error) (string, *Principal) {
	return func(v string, p *Principal, err error) (string, *Principal) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v, p
	}
}

func TestATokenHasItsRate(t *testing.T) {
	r, now := newRates(), time.Unix(1e9, 0)
	count := func() (n int) {
		for r.take(now, "t", 60) == 0 {
			n++
		}
		return n
	}
	if n := count(); n != 60 {
		t.Errorf("%d requests at once, want a minute's 60", n)
	}
	if r.take(now, "other", 60) != 0 {
		t.Error("one token's rate slows another")
	}
	now = now.Add(10 * time.Second)
	if n := count(); n != 10 {
		t.Errorf("%d requests 10 s later, want 10", n)
	}
	if w := r.take(now, "t", 60); w != time.Second {
		t.Errorf("the next waits %v, want 1s", w)
	}
	now = now.Add(time.Hour)
	if n := count(); n != 60 {
		t.Errorf("%d requests an hour later, want 60", n)
	}
}

// Who may change whom: an admin of an area nobody and nothing beyond it.
func TestAccountsByArea(t *testing.T) {
	f := open(t)
	root := f.admin()
	_, area := f.person(root, "area.admin", role.Grant{Role: role.Admin, Area: "3301"})
	f.person(root, "inside", operator)
	f.person(root, "outside", role.Grant{Role: role.Operator, Area: "3302"})
	f.person(root, "both", operator, role.Grant{Role: role.Viewer, Area: "3302"})
	f.person(root, "bare")
	_, viewer := f.person(root, "viewer", role.Grant{Role: role.Viewer, Area: "*"})
	name := "另一个名字"
	grant := func(r role.Role, a string) Change { return Change{Grants: &[]role.Grant{{Role: r, Area: a}}} }
	for _, c := range []struct {
		name string
		who  *Principal
		id   string
		c    Change
		want error
	}{
		{"inside", area, "inside", Change{Name: &name}, nil},
		{"a role within the area", area, "inside", grant(role.Admin, "330105"), nil},
		{"a role beyond the area", area, "inside", grant(role.Viewer, "3302"), ErrForbidden},
		{"a role everywhere", area, "inside", grant(role.Viewer, "*"), ErrForbidden},
		{"no role: then it would be out of reach", area, "inside", Change{Grants: &[]role.Grant{}}, ErrForbidden},
		{"outside", area, "outside", Change{Name: &name}, view.ErrUnknown},
		{"half outside", area, "both", Change{Name: &name}, view.ErrUnknown},
		{"without any area", area, "bare", Change{Name: &name}, view.ErrUnknown},
		{"nobody", area, "nobody", Change{Name: &name}, view.ErrUnknown},
		{"oneself", area, "area.admin", grant(role.Admin, "*"), ErrForbidden},
		{"the first admin", area, "admin", Change{Name: &name}, view.ErrUnknown},
		{"by a viewer", viewer, "inside", Change{Name: &name}, ErrForbidden},
		{"everyone by the admin of everywhere", root, "bare", grant(role.Viewer, "*"), nil},
		{"oneself by the admin of everywhere", root, "admin", grant(role.Operator, "*"), ErrForbidden},
	} {
		if _, err := f.book.Change(t.Context(), c.who, c.id, c.c); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	f.says("admin account.change bare done", "admin account.change admin refused")
	for about, want := range map[string]int{"outside": 1, "both": 1, "nobody": 0} {
		if n := len(slices.DeleteFunc(f.lines(), func(l string) bool { return l != "area.admin account.change "+about+" refused" })); n != want {
			t.Errorf("%d lines say that the account %s was out of reach, want %d", n, about, want)
		}
	}

	ids := func(p *Principal) (out []string) {
		for _, a := range must[[]Account](t)(f.book.Accounts(t.Context(), p, "", 100)) {
			out = append(out, a.ID)
		}
		return out
	}
	if got := ids(area); !slices.Equal(got, []string{"area.admin", "inside"}) {
		t.Errorf("the admin of an area sees %v", got)
	}
	if got := ids(root); len(got) != 7 {
		t.Errorf("the admin of everywhere sees %v", got)
	}
	if got := must[[]Account](t)(f.book.Accounts(t.Context(), root, "bare", 2)); len(got) != 2 || got[0].ID != "both" {
		t.Errorf("a page = %+v", got)
	}
	if _, err := f.book.Accounts(t.Context(), viewer, "", 9); !errors.Is(err, ErrForbidden) {
		t.Errorf("a viewer lists accounts: %v", err)
	}
	if a, err := f.book.Account(t.Context(), viewer, "viewer"); err != nil || a.ID != "viewer" {
		t.Errorf("one's own account: %+v, %v", a, err)
	}
	for id, want := range map[string]error{"inside": nil, "outside": view.ErrUnknown} {
		if _, err := f.book.Account(t.Context(), area, id); !errors.Is(err, want) {
			t.Errorf("Account(%s) = %v, want %v", id, err, want)
		}
		if _, err := f.book.Sessions(t.Context(), area, id); !errors.Is(err, want) {
			t.Errorf("Sessions(%s) = %v, want %v", id, err, want)
		}
		if _, err := f.book.Reset(t.Context(), area, id, true); !errors.Is(err, want) {
			t.Errorf("Reset(%s) = %v, want %v", id, err, want)
		}
	}
	if _, _, err := f.book.Make(t.Context(), area, "new", "新", []role.Grant{{Role: role.Viewer, Area: "3302"}}); !errors.Is(err, ErrForbidden) {
		t.Errorf("an account beyond the area: %v", err)
	}
	if _, _, err := f.book.Make(t.Context(), root, "inside", "新", nil); !errors.Is(err, ErrTaken) {
		t.Errorf("an id twice: %v", err)
	}
	var field *view.FieldError
	for _, id := range []string{"", "Li", ".li", "system", "李", strings.Repeat("a", 65)} {
		if _, _, err := f.book.Make(t.Context(), root, id, "x", nil); !errors.As(err, &field) || field.Field != "id" {
			t.Errorf("the id %q: %v", id, err)
		}
	}
}

func TestTheLastAdminStays(t *testing.T) {
	f := open(t)
	root := f.admin()
	_, second := f.person(root, "second", role.Grant{Role: role.Admin, Area: "*"})
	no := false
	if _, err := f.book.Change(t.Context(), second, "admin", Change{Active: &no}); err != nil {
		t.Fatal(err)
	}
	var field *view.FieldError
	for name, c := range map[string]Change{"off": {Active: &no}, "another role": {Grants: &[]role.Grant{{Role: role.Admin, Area: "3301"}}}} {
		if _, err := f.book.Change(t.Context(), System(), "second", c); !errors.As(err, &field) || !strings.Contains(field.Text.En, "last admin") {
			t.Errorf("%s: %v", name, err)
		}
	}
	pass, err := f.book.Reset(t.Context(), System(), "second", true)
	if err != nil {
		t.Fatal(err)
	}
	if _, p, err := f.login("second", pass, ""); err != nil || p.Must != "password" {
		t.Errorf("with the password of a reset on the machine: %+v, %v", p, err)
	}
	f.says("system account.reset second done", "second login second done")
}

func TestEndSession(t *testing.T) {
	f := open(t)
	admin := f.admin()
	s, p := f.person(admin, "li", operator)
	_, other := f.person(admin, "wang", operator)
	if err := f.book.EndSession(t.Context(), other, "li", p.Session); !errors.Is(err, ErrForbidden) || !f.alive(s) {
		t.Errorf("somebody else ended it: %v", err)
	}
	if err := f.book.EndSession(t.Context(), p, "li", other.Session); !errors.Is(err, view.ErrUnknown) {
		t.Errorf("a session of somebody else under one's own name: %v", err)
	}
	if err := f.book.EndSession(t.Context(), admin, "li", p.Session); err != nil || f.alive(s) {
		t.Errorf("by an admin: %v, alive %v", err, f.alive(s))
	}
	s, p, err := f.login("li", good, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.book.Logout(t.Context(), p); err != nil || f.alive(s) {
		t.Errorf("Logout: %v, alive %v", err, f.alive(s))
	}
	for range maxSessions + 5 {
		if s, p, err = f.login("li", good, ""); err != nil {
			t.Fatal(err)
		}
		f.now = f.now.Add(time.Second)
	}
	if list := must[[]Session](t)(f.book.Sessions(t.Context(), p, "li")); len(list) != maxSessions || !f.alive(s) {
		t.Errorf("%d sessions, want %d, the newest among them", len(list), maxSessions)
	}
}

func TestExternal(t *testing.T) {
	f := open(t)
	f.person(f.admin(), "li", operator)
	e := External{Issuer: "https://id.example", Subject: "77", Person: "zhao", Name: "赵", Grants: []role.Grant{operator}}
	a := Attempt{Address: "10.0.0.9"}
	s, p, err := f.book.Enter(t.Context(), e, a)
	if err != nil || p.Person != "zhao" || !p.May(role.Acknowledge, "330105003") || !f.alive(s) {
		t.Fatalf("Enter = %+v, %v", p, err)
	}
	e.Name, e.Person = "赵二", "renamed" // the subject is the same: so is the account
	again, p, err := f.book.Enter(t.Context(), e, a)
	if err != nil || p.Person != "zhao" || p.Name != "赵二" || !f.alive(s) {
		t.Errorf("Enter again = %+v, %v", p, err)
	}
	e.Grants = []role.Grant{{Role: role.Viewer, Area: "330105"}}
	if _, p, err = f.book.Enter(t.Context(), e, a); err != nil || p.May(role.Acknowledge, "330105003") || f.alive(again) {
		t.Errorf("with other groups: %+v, %v; an old session alive: %v", p, err, f.alive(again))
	}
	if _, _, err := f.book.Enter(t.Context(), External{Issuer: "https://id.example", Subject: "78", Person: "li", Name: "骗子", Grants: e.Grants}, a); !errors.Is(err, ErrTaken) {
		t.Errorf("an account of somebody else was taken over: %v", err)
	}
	last, _, err := f.book.Enter(t.Context(), e, a)
	if err != nil {
		t.Fatal(err)
	}
	none := e
	none.Grants = nil
	if _, _, err := f.book.Enter(t.Context(), none, a); !errors.Is(err, ErrForbidden) || f.alive(last) {
		t.Errorf("who is in no group any more: %v, the session before lives: %t", err, f.alive(last))
	}
	if _, _, err := f.book.Enter(t.Context(), External{Issuer: "https://id.example", Subject: "79", Person: "guest", Name: "客", Grants: nil}, a); !errors.Is(err, ErrForbidden) {
		t.Errorf("without any rights: %v", err)
	}
	if _, _, err := f.login("zhao", "", ""); !errors.Is(err, ErrLogin) {
		t.Errorf("with an empty password: %v", err)
	}
	var field *view.FieldError
	if _, err := f.book.Reset(t.Context(), System(), "zhao", false); !errors.As(err, &field) {
		t.Errorf("Reset of somebody whom a provider knows = %v", err)
	}
}

// Nothing that is secret stands in the database or in the log.
func TestNoSecretIsStored(t *testing.T) {
	f := open(t)
	admin := f.admin()
	s, p := f.person(admin, "li", operator, role.Grant{Role: role.Integrator, Area: "3301"})
	_, value, err := f.book.MakeToken(t.Context(), p, Token{Name: "x", Grants: []role.Grant{{Role: role.Viewer, Area: "330105"}}, Rate: 1, Ends: f.now.Add(time.Hour).UnixMilli()})
	if err != nil {
		t.Fatal(err)
	}
	secret, recovery, p := f.factorWithRecovery(p)
	reset, err := f.book.Reset(t.Context(), admin, "li", false)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.login(reset, "typed into the wrong field", ""); !errors.Is(err, ErrLogin) {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, q := range []string{
		"select id || name || grants || password || issuer || subject || totp || pending from person", "select person || hash from person_recovery", "select hash || id || person || agent from session",
		"select id || hash || person || name || grants from api_token", "select who || role || source || what || about || was || becomes || result || hash from audit",
	} {
		rows, err := f.db.Read().QueryContext(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var text string
			if err := rows.Scan(&text); err != nil {
				t.Fatal(err)
			}
			all.WriteString(text + "\n")
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
	}
	for name, s := range map[string]string{"a first password": f.first.Password, "a password": good, "a password after a reset": reset, "a session": s, "the new session": p.CSRF,
		"a token": strings.TrimPrefix(value, "lp_")[tokenID+1:], "a recovery code": tidy(recovery[0]), "a written recovery code": recovery[0], "a secret": totp.Text(secret), "a raw secret": string(secret)} {
		if strings.Contains(all.String(), s) {
			t.Errorf("%s stands in the database", name)
		}
	}
	if v := must[view.AuditVerdict](t)(f.log.Verify(t.Context())); v.Broken != nil {
		t.Errorf("the audit log is broken: %+v", v)
	}
}

func TestKeyFile(t *testing.T) {
	dir := t.TempDir()
	a, err := EnsureKey(dir)
	if err != nil || len(a) != keySize {
		t.Fatal(a, err)
	}
	if b, err := EnsureKey(dir); err != nil || !slices.Equal(a, b) {
		t.Errorf("a second time: %v, %v", b, err)
	}
	path := filepath.Join(dir, KeyFile)
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := EnsureKey(dir); err == nil || !strings.Contains(err.Error(), "chmod 600 it") {
		t.Errorf("a key that others can read: %v", err)
	}
	if err := errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, []byte("abc\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := EnsureKey(dir); err == nil || !strings.Contains(err.Error(), "restore it") {
		t.Errorf("half a key: %v", err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("files %v, %v", files, err)
	}
}

func TestContext(t *testing.T) {
	p := &Principal{Person: "li"}
	if From(With(t.Context(), p)) != p || From(t.Context()) != nil {
		t.Error("the principal does not come out of the context that it was put into")
	}
	if From(t.Context()).May(role.View, "*") || From(t.Context()).Anywhere(role.View) || (&Principal{}).May(role.View, "*") {
		t.Error("nobody may something")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := open(t).book.Login(ctx, Attempt{Person: "li"}); !errors.Is(err, context.Canceled) {
		t.Errorf("Login in a cancelled context = %v", err)
	}
}

// No value makes the reading of tokens fail, and what is taken has its form.
func FuzzToken(f *testing.F) {
	f.Add("lp_" + strings.Repeat("a", tokenID) + "_" + strings.Repeat("b", 52))
	f.Add("lp_")
	f.Add("lp_ä_")
	f.Fuzz(func(t *testing.T, value string) {
		if id, ok := tokenOf(value); ok && !strings.HasPrefix(value, tokenPrefix+id+"_") {
			t.Errorf("tokenOf(%q) = %q", value, id)
		}
	})
}
