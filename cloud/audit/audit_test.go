package audit

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/lamppost-city/lamppost/cloud/database"
	"github.com/lamppost-city/lamppost/cloud/database/databasetest"
	"github.com/lamppost-city/lamppost/cloud/view"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(databasetest.Both(m)) }

func openAt(t *testing.T, path string) (*Log, *database.DB) {
	t.Helper()
	db, err := databasetest.Open(t.Context(), path, database.Schema{Name: "audit", Steps: Schema()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	l, err := Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return l, db
}

func open(t *testing.T) (*Log, *database.DB) {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "a.db"))
}

// filled is a log of n lines.
func filled(t *testing.T, n int) (*Log, *database.DB) {
	t.Helper()
	l, db := open(t)
	err := db.Write(t.Context(), func(tx *sql.Tx) error {
		for i := range n {
			e := view.Audit{At: int64(1000 + i), Who: fmt.Sprintf("p%d", i%3), Role: "admin", From: "10.0.0.7", What: "account.change",
				About: "li", Old: "viewer", New: "operator", Result: "done"}
			if i%2 == 1 {
				e.What, e.Result = "accounting", "refused"
			}
			if err := l.Append(t.Context(), tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return l, db
}

func verify(t *testing.T, l *Log, anchors ...Head) view.AuditVerdict {
	t.Helper()
	v, err := l.Verify(t.Context(), anchors...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// at is where a log is broken; 0: nowhere.
func at(v view.AuditVerdict) int64 {
	if v.Broken == nil {
		return 0
	}
	return *v.Broken
}

// intruder does to the tables what somebody with every right on the database can do.
func intruder(t *testing.T, db *database.DB, statements ...string) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *sql.Tx) error {
		drop := []string{"drop trigger if exists audit_stays", "drop trigger if exists audit_remains"}
		if databasetest.OnPostgres() {
			drop = []string{"drop trigger if exists audit_stays on audit", "drop trigger if exists audit_remains on audit"}
		}
		for _, s := range append(drop, statements...) {
			if _, err := tx.ExecContext(t.Context(), s); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheChainShowsWhatWasDoneToIt(t *testing.T) {
	const n = 243 // more than two pages
	for _, c := range []struct {
		name, do string
		broken   int64
	}{
		{"nothing", "select 1", 0},
		{"who changed", "update audit set who = 'somebody' where n = 140", 140},
		{"a time changed", "update audit set at = at + 1 where n = 1", 1},
		{"a result changed in the last line", "update audit set result = 'done' where n = 242", 242},
		{"text moved between two fields", "update audit set was = 'viewero', becomes = 'perator' where n = 5", 5},
		{"a line and its hash exchanged for its neighbour's", "update audit set hash = (select hash from audit where n = 9) where n = 10", 10},
		{"the first line removed", "delete from audit where n = 1", 1},
		{"a line removed", "delete from audit where n = 160", 160},
		{"a line removed and the rest moved up", "delete from audit where n = 160; update audit set n = -n where n > 160; update audit set n = -n - 1 where n < 0", 160},
		{"the end cut off", "delete from audit where n > 200", 201},
		{"all removed", "delete from audit", 1},
		{"a line put behind the end", "insert into audit select n + 1, at, who, role, source, what, about, was, becomes, result, hash from audit where n = 243", 244},
		{"a line put before the beginning", "insert into audit select 0, at, who, role, source, what, about, was, becomes, result, hash from audit where n = 1", 244},
		{"the head's hash changed", "update audit_head set hash = (select hash from audit where n = 3)", 243},
		{"the end cut off and the head moved to a wrong hash", "delete from audit where n > 200; update audit_head set n = 200", 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, db := filled(t, n)
			intruder(t, db, c.do)
			v := verify(t, l)
			if at(v) != c.broken || (v.Why.En == "") != (c.broken == 0) || (v.Why.Zh == "") != (c.broken == 0) {
				t.Errorf("Verify = %+v, want broken at %d", v, c.broken)
			}
		})
	}
}

// Who has every right on the database can compute the chain anew: only an anchor that
// is kept elsewhere shows it.
func TestAnchorsShowALogWrittenAnew(t *testing.T) {
	l, db := filled(t, 20)
	path := filepath.Join(t.TempDir(), "audit.anchors")
	if _, err := l.Keep(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	all, err := l.List(t.Context(), view.AuditFilter{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Record(t.Context(), view.Audit{At: 5, What: "later"}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Keep(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	head, err := l.Keep(t.Context(), path) // nothing new: no line
	if err != nil || head.N != 21 {
		t.Fatalf("Keep = %v, %v", head, err)
	}
	anchors, err := Anchors(path)
	if err != nil || len(anchors) != 2 || anchors[0].N != 20 || anchors[1] != head {
		t.Fatalf("Anchors = %v, %v, want two", anchors, err)
	}
	if v := verify(t, l, anchors...); at(v) != 0 || v.Head != head.String() {
		t.Fatalf("Verify before = %+v", v)
	}

	intruder(t, db, "delete from audit", "update audit_head set n = 0, hash = '"+genesis(head.Chain)+"'")
	for i := len(all) - 1; i >= 0; i-- {
		e := all[i]
		if e.N == 7 {
			e.Who = "somebody else"
		}
		if err := l.Record(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	if v := verify(t, l); at(v) != 0 {
		t.Errorf("without an anchor the forged log is found: %+v; then the package's comment is wrong", v)
	}
	if v := verify(t, l, anchors[0]); at(v) != 20 {
		t.Errorf("with an anchor at 20 Verify = %+v, want broken at 20", v)
	}
	if v := verify(t, l, anchors[1]); at(v) != 21 {
		t.Errorf("with an anchor at 21, which was cut off, Verify = %+v, want broken at 21", v)
	}
	other, _ := filled(t, 20)
	if v := verify(t, other, anchors...); at(v) != 1 {
		t.Errorf("another log in its place: %+v, want broken at 1", v)
	}
}

func TestTheDatabaseRefusesToChangeALine(t *testing.T) {
	_, db := filled(t, 2)
	for _, s := range []string{"update audit set who = 'x'", "delete from audit where n = 1"} {
		err := db.Write(t.Context(), func(tx *sql.Tx) error {
			_, err := tx.ExecContext(t.Context(), s)
			return err
		})
		if err == nil {
			t.Errorf("%s was carried out", s)
		}
	}
}

func TestALineIsStoredWithWhatItTellsOfOrNotAtAll(t *testing.T) {
	l, db := filled(t, 3)
	no := errors.New("no")
	err := db.Write(t.Context(), func(tx *sql.Tx) error {
		return errors.Join(l.Append(t.Context(), tx, view.Audit{What: "half"}), no)
	})
	if !errors.Is(err, no) {
		t.Fatalf("Write = %v", err)
	}
	if err := l.Record(t.Context(), view.Audit{What: "whole"}); err != nil {
		t.Fatal(err)
	}
	if v := verify(t, l); at(v) != 0 || v.Lines != 4 {
		t.Errorf("Verify = %+v, want 4 lines without a hole", v)
	}
}

// Two aggregators write one log: every line has its own place.
func TestSeveralWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	a, _ := openAt(t, path)
	b, _ := openAt(t, path)
	var wg sync.WaitGroup
	for i, l := range []*Log{a, b, a, b} {
		wg.Go(func() {
			for range 15 {
				if err := l.Record(t.Context(), view.Audit{Who: fmt.Sprint(i), What: "x"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if v := verify(t, b); at(v) != 0 || v.Lines != 60 {
		t.Errorf("Verify = %+v, want 60 lines", v)
	}
}

func TestList(t *testing.T) {
	l, _ := filled(t, 20)
	numbers := func(f view.AuditFilter) (ns []int64) {
		t.Helper()
		list, err := l.List(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			ns = append(ns, e.N)
		}
		return ns
	}
	for _, c := range []struct {
		name string
		f    view.AuditFilter
		want []int64
	}{
		{"newest first", view.AuditFilter{Limit: 3}, []int64{20, 19, 18}},
		{"next page", view.AuditFilter{Limit: 3, Before: 18}, []int64{17, 16, 15}},
		{"who", view.AuditFilter{Who: "p0", Limit: 2}, []int64{19, 16}},
		{"an object takes its deeds and not its namesakes", view.AuditFilter{What: "account", Limit: 2}, []int64{19, 17}},
		{"a deed", view.AuditFilter{What: "accounting", Limit: 1}, []int64{20}},
		{"result and time", view.AuditFilter{Result: "refused", From: 1003, To: 1005, Limit: 9}, []int64{6, 4}},
		{"nobody", view.AuditFilter{Who: "p0' or '1'='1", Limit: 9}, nil},
		{"about", view.AuditFilter{About: "li", Limit: 1}, []int64{20}},
		{"at least one", view.AuditFilter{}, []int64{20}},
	} {
		if got := numbers(c.f); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestTextFromOutsideIsSafeToShow(t *testing.T) {
	l, _ := open(t)
	evil := "li\nadmin\x1b[2J \u202egnp.exe\u200b\u2028 \\u202e \xff\ufffd\ufeff\U000e0041"
	long := strings.Repeat("水", maxText)
	if err := l.Record(t.Context(), view.Audit{Who: evil, About: long, What: "王芳 ✓ <script>"}); err != nil {
		t.Fatal(err)
	}
	list, err := l.List(t.Context(), view.AuditFilter{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	want := `li\u000aadmin\u001b[2J \u202egnp.exe\u200b\u2028 \\u202e \xff` + "\ufffd" + `\ufeff\ue0041`
	if got := list[0].Who; got != want {
		t.Errorf("who = %q, want %q", got, want)
	}
	if got := list[0].About; len(got) > maxText || !strings.HasSuffix(got, "水…") {
		t.Errorf("a text of %d bytes became one of %d, ending %q", len(long), len(got), got[len(got)-9:])
	}
	if got := list[0].What; got != "王芳 ✓ <script>" {
		t.Errorf("what = %q: what can be seen is left alone; a page escapes its markup", got)
	}
	if v := verify(t, l); at(v) != 0 {
		t.Errorf("Verify = %+v", v)
	}
}

// Different lines have different bytes: they can be read back from them.
func TestCanonicalIsInjective(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String()
		e := view.Audit{N: rapid.Int64().Draw(t, "n"), At: rapid.Int64().Draw(t, "at"), Who: s.Draw(t, "who"), Role: s.Draw(t, "role"),
			From: s.Draw(t, "from"), What: s.Draw(t, "what"), About: s.Draw(t, "about"), Old: s.Draw(t, "old"), New: s.Draw(t, "new"), Result: s.Draw(t, "result")}
		b := canonical(genesis("x"), &e)[len(version)+32:]
		back := view.Audit{N: int64(binary.BigEndian.Uint64(b)), At: int64(binary.BigEndian.Uint64(b[8:]))}
		b = b[16:]
		for _, field := range texts(&back) {
			n := binary.BigEndian.Uint32(b)
			*field, b = string(b[4:4+n]), b[4+n:]
		}
		if back != e || len(b) != 0 {
			t.Fatalf("read back %+v and %d bytes, want %+v", back, len(b), e)
		}
	})
}

// A power cut leaves half a line: it is passed over, and the next one takes its place.
func TestAnchorsAfterAPowerCut(t *testing.T) {
	l, _ := filled(t, 1)
	path := filepath.Join(t.TempDir(), "audit.anchors")
	first, err := l.Keep(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Record(t.Context(), view.Audit{What: "x"}); err != nil {
		t.Fatal(err)
	}
	for cut := range whole {
		if err := os.WriteFile(path, append(whole[:len(whole):len(whole)], whole[:cut]...), 0o600); err != nil {
			t.Fatal(err)
		}
		second, err := l.Keep(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Anchors(path); err != nil || !reflect.DeepEqual(got, []Head{first, second}) {
			t.Fatalf("cut at %d: Anchors = %v, %v", cut, got, err)
		}
	}
	if err := os.WriteFile(path, []byte(first.String()+"\nnonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Keep(t.Context(), path); err == nil || !strings.Contains(err.Error(), path+":2: ") {
		t.Errorf("Keep behind a damaged line = %v, want its place", err)
	}
}

// When a file of anchors is full it is put aside; none is lost, all are compared, and it goes
// on for ever.
func TestFullFileOfAnchors(t *testing.T) {
	l, _ := filled(t, 30)
	path := filepath.Join(t.TempDir(), "audit.anchors")
	early, err := l.Keep(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString(early.String() + "\n")
	for n := int64(1_000_000); b.Len()+len(early.String())+10 < maxAnchors; n++ {
		b.WriteString(Head{Chain: "zzz", N: n, Hash: early.Hash}.String() + "\n")
	}
	for round := 1; round <= 3; round++ {
		if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := l.Record(t.Context(), view.Audit{What: "x"}); err != nil {
			t.Fatal(err)
		}
		head, err := l.Keep(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		all, err := Anchors(path)
		if want := round*strings.Count(b.String(), "\n") + 1; err != nil || len(all) != want || all[0] != early || all[len(all)-1] != head {
			t.Fatalf("round %d: %d anchors, %v; want %d from %v to %v", round, len(all), err, want, early, head)
		}
		if got, err := anchorsIn(path); err != nil || len(got) != 1 {
			t.Errorf("round %d: the new file has %d anchors, %v", round, len(got), err)
		}
	}
	if err := os.Remove(path); err != nil { // as after a power cut in the middle
		t.Fatal(err)
	}
	all, err := Anchors(path)
	if err != nil || len(all) == 0 {
		t.Fatalf("%d anchors, %v", len(all), err)
	}
	all = slices.DeleteFunc(all, func(h Head) bool { return h.Chain == "zzz" })
	if v := verify(t, l, all...); at(v) != 0 {
		t.Errorf("Verify = %+v", v)
	}
	all[0].Hash = genesis("another")
	if v := verify(t, l, all...); at(v) != early.N {
		t.Errorf("with an anchor that differs: %+v, want line %d", v, early.N)
	}
}

// What ParseHead takes, String writes again byte for byte.
func FuzzParseHead(f *testing.F) {
	f.Add(Head{Chain: "abc", N: 7, Hash: genesis("abc")}.String())
	f.Add("abc 07 " + genesis("abc"))
	f.Add("abc -1 " + strings.ToUpper(genesis("abc")))
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		if h, err := ParseHead(s); err == nil && h.String() != s {
			t.Errorf("ParseHead(%q).String() = %q", s, h.String())
		}
	})
}

func TestOpenTwiceKeepsTheChain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	a, _ := openAt(t, path)
	b, _ := openAt(t, path)
	ha, err1 := a.Head(t.Context())
	hb, err2 := b.Head(t.Context())
	if err1 != nil || err2 != nil || ha != hb || ha.Chain == "" {
		t.Errorf("heads %v and %v (%v, %v), want one", ha, hb, err1, err2)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.Verify(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Verify = %v, want context.Canceled", err)
	}
}

func BenchmarkAppend(b *testing.B) {
	db, err := databasetest.Open(b.Context(), filepath.Join(b.TempDir(), "a.db"), database.Schema{Name: "audit", Steps: Schema()})
	if err != nil {
		b.Fatal(err)
	}
	l, err := Open(b.Context(), db)
	if err != nil {
		b.Fatal(err)
	}
	e := view.Audit{At: 1, Who: "li", Role: "admin", From: "10.0.0.7", What: "account.change", About: "wang", Old: "viewer", New: "operator", Result: "done"}
	b.ReportAllocs()
	err = db.Write(b.Context(), func(tx *sql.Tx) error { // without the sync, which is the database's
		for b.Loop() {
			if err := l.Append(b.Context(), tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
}
