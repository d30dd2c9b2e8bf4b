package handover_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/cloud/database"
	"github.com/lamppost-city/lamppost/cloud/database/databasetest"
	"github.com/lamppost-city/lamppost/cloud/handover"
	"github.com/lamppost-city/lamppost/cloud/view"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(databasetest.Both(m)) }

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC).UnixMilli()

const hour = int64(3_600_000)

// desk is a book with the deeds that it recorded.
type desk struct {
	*handover.Book
	db    *database.DB
	deeds []view.Deed
}

func open(t *testing.T) *desk {
	t.Helper()
	db, err := databasetest.Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), database.Schema{Name: "handover", Steps: handover.Schema()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	d := &desk{db: db}
	var mu sync.Mutex
	d.Book = handover.New(handover.Options{DB: db, Record: func(_ context.Context, _ *sql.Tx, e view.Deed) error {
		mu.Lock()
		defer mu.Unlock()
		d.deeds = append(d.deeds, e)
		return nil
	}})
	return d
}

// text is a handover as somebody writes it.
func text(area, by string) view.Handover {
	return view.Handover{Area: area, From: now - 12*hour, To: now, Written: now, By: by, ByName: "Li", Notes: " pump 2 is off\r\nask at six ", Todo: []string{"call the water bureau", " "},
		Report: &view.ShiftReport{At: now, OpenTotal: 3, Open: []view.ShiftCase{{Case: view.Case{ID: "c1"}}}}}
}

func (d *desk) write(t *testing.T, key string, h view.Handover) view.Handover {
	t.Helper()
	h, err := d.Write(t.Context(), key, h)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func everywhere(string) bool { return true }

// What was written is read as it was written, with its report; lists leave that out.
func TestAHandoverIsKept(t *testing.T) {
	d := open(t)
	h := d.write(t, "", text("330105", "li"))
	got, err := d.Get(t.Context(), h.ID)
	if err != nil || got.Notes != "pump 2 is off\nask at six" || !slices.Equal(got.Todo, []string{"call the water bureau"}) || got.OpenThen != 3 || got.Taken != nil ||
		got.Report == nil || len(got.Report.Open) != 1 || got.Report.Open[0].ID != "c1" || got.By != "li" || got.ByName != "Li" {
		t.Errorf("%+v, %v", got, err)
	}
	page, err := d.List(t.Context(), view.HandoverQuery{Limit: 10}, everywhere)
	if err != nil || len(page.Handovers) != 1 || page.Handovers[0].Report != nil || page.Handovers[0].OpenThen != 3 {
		t.Errorf("%+v, %v", page, err)
	}
	if len(d.deeds) != 1 || d.deeds[0].What != "handover.write" || d.deeds[0].About != h.ID || !strings.Contains(d.deeds[0].New, "pump 2") {
		t.Errorf("recorded %+v", d.deeds)
	}
}

// Who comes takes over, once; who wrote it does not.
func TestTakingOver(t *testing.T) {
	d := open(t)
	h := d.write(t, "", text("330105", "li"))
	var field *view.FieldError
	if _, err := d.Take(t.Context(), h.ID, view.HandoverTaken{At: now, By: "li"}); !errors.As(err, &field) {
		t.Errorf("who wrote it took it over: %v", err)
	}
	got, err := d.Take(t.Context(), h.ID, view.HandoverTaken{At: now + 1, By: "wang", Name: "Wang", Note: "read"})
	if want := (view.HandoverTaken{At: now + 1, By: "wang", Name: "Wang", Note: "read"}); err != nil || got.Taken == nil || *got.Taken != want {
		t.Fatalf("%+v, %v", got.Taken, err)
	}
	if _, err := d.Take(t.Context(), h.ID, view.HandoverTaken{At: now + 2, By: "hu"}); !errors.As(err, &field) {
		t.Errorf("taken over twice: %v", err)
	}
	if got, err = d.Get(t.Context(), h.ID); err != nil || got.Taken.By != "wang" {
		t.Errorf("%+v, %v", got.Taken, err)
	}
	for _, id := range []string{"99", "", "x", "-1", "9999999999999999999999"} {
		if _, err := d.Take(t.Context(), id, view.HandoverTaken{At: now, By: "wang"}); !errors.Is(err, view.ErrUnknown) {
			t.Errorf("%q: %v", id, err)
		}
	}
	if n := len(d.deeds); n != 2 || d.deeds[1].What != "handover.take" {
		t.Errorf("recorded %+v", d.deeds)
	}
}

// The same key is the same handover, of one person.
func TestSentAgain(t *testing.T) {
	d := open(t)
	first := d.write(t, "k", text("330105", "li"))
	if again := d.write(t, "k", text("330105", "li")); again.ID != first.ID {
		t.Errorf("written twice: %s and %s", first.ID, again.ID)
	}
	if other := d.write(t, "k", text("330105", "wang")); other.ID == first.ID {
		t.Error("another person's key is taken for the same")
	}
	if more := d.write(t, "", text("330105", "li")); more.ID == first.ID {
		t.Error("without a key it is written each time")
	}
	if len(d.deeds) != 3 {
		t.Errorf("%d deeds", len(d.deeds))
	}
}

// The database refuses to change or delete what was written.
func TestNothingIsChanged(t *testing.T) {
	d := open(t)
	h := d.write(t, "", text("*", "li"))
	if _, err := d.Take(t.Context(), h.ID, view.HandoverTaken{At: now, By: "wang"}); err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{"update handover set by = 'hu'", "delete from handover", "update handover_taken set by = 'hu'", "delete from handover_taken"} {
		err := d.db.Write(t.Context(), func(tx *sql.Tx) error { _, err := tx.ExecContext(t.Context(), q); return err })
		if err == nil {
			t.Errorf("%s is done", q)
		}
	}
}

// A list has what lies in areas that are seen, all of it once, the newest first.
func TestList(t *testing.T) {
	d := open(t)
	var want []string
	for i := range 7 {
		h := d.write(t, "", text([]string{"330105", "330106"}[i%2], "li"))
		if i%2 == 0 {
			want = append([]string{h.ID}, want...)
		}
	}
	sees := func(area string) bool { return area == "330105" }
	var got []string
	for before, n := "", 0; n == 0 || before != ""; n++ {
		page, err := d.List(t.Context(), view.HandoverQuery{Before: before, Limit: 3}, sees)
		if err != nil || n > 3 {
			t.Fatal(n, err)
		}
		for _, h := range page.Handovers {
			got = append(got, h.ID)
		}
		before = page.Next
	}
	if !slices.Equal(got, want) {
		t.Errorf("listed %v, want %v", got, want)
	}
	if page, err := d.List(t.Context(), view.HandoverQuery{Area: "330106", Limit: 9}, sees); err != nil || len(page.Handovers) != 0 {
		t.Errorf("an area that is not seen: %v, %v", page, err)
	}
	if page, err := d.List(t.Context(), view.HandoverQuery{Area: "330106", Limit: 9}, everywhere); err != nil || len(page.Handovers) != 3 {
		t.Errorf("one area: %v, %v", page, err)
	}
	var field *view.FieldError
	if _, err := d.List(t.Context(), view.HandoverQuery{Before: "x"}, everywhere); !errors.As(err, &field) {
		t.Errorf("a cursor of nowhere: %v", err)
	}
}

// What cannot be kept is refused, with the field that is wrong.
func TestRefused(t *testing.T) {
	d := open(t)
	for name, c := range map[string]struct {
		edit  func(*view.Handover)
		field string
	}{
		"it has not begun":   {func(h *view.Handover) { h.From, h.To = now+1, now+hour }, "from"},
		"no beginning":       {func(h *view.Handover) { h.From = 0 }, "from"},
		"ends at once":       {func(h *view.Handover) { h.To = h.From }, "to"},
		"longer than a week": {func(h *view.Handover) { h.From = h.To - 7*24*hour - 1 }, "to"},
		"ends in two days":   {func(h *view.Handover) { h.To = now + 48*hour }, "to"},
		"long notes":         {func(h *view.Handover) { h.Notes = strings.Repeat("水", 4001) }, "notes"},
		"writing turned":     {func(h *view.Handover) { h.Notes = "a\u202eb" }, "notes"},
		"a broken character": {func(h *view.Handover) { h.Notes = "a\xff" }, "notes"},
		"two lines in one":   {func(h *view.Handover) { h.Todo = []string{"x", "a\nb"} }, "todo.1"},
		"much to do":         {func(h *view.Handover) { h.Todo = make([]string, 51) }, "todo"},
		"a long name":        {func(h *view.Handover) { h.Next = strings.Repeat("x", 129) }, "next"},
	} {
		h := text("330105", "li")
		c.edit(&h)
		var field *view.FieldError
		if _, err := d.Write(t.Context(), "", h); !errors.As(err, &field) || field.Field != c.field || field.Text.Zh == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if page, err := d.List(t.Context(), view.HandoverQuery{Limit: 9}, everywhere); err != nil || len(page.Handovers) != 0 {
		t.Errorf("%v, %v", page, err)
	}
}
