package alert_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/alert"
	"github.com/lamppost-city/lamppost/edge/wire"
)

const (
	idA = "01938f1e-0000-7000-8000-000000000001"
	idB = "01938f1e-0000-7000-8000-000000000002"

	boot1 = "9f3ac2d1-b07e-4f11-8a55-0123456789ab"
)

var (
	level = obs.Metric{Name: "level", Unit: "m", Wire: "m", Text: "m", Decimals: 2, Label: obs.Label{ZH: "水位", EN: "water level"}}
	river = alert.Rule{ID: "river-high", Severity: wire.Orange, Area: "330105003012",
		Texts: map[string]string{"zh": "{device}水位 {value} 米，限值 {limit} 米", "en": "{device}: level {value} {unit}, limit {limit}"},
		Names: map[string]map[string]string{"river": {"zh": "拱宸桥"}}}
)

func change(boot int64, v float64, cleared bool) alert.Change {
	at := wire.Moment{Boot: boot1, BootMS: boot}
	return alert.Change{Cleared: cleared, Stage: "actual", At: at, Since: wire.Moment{Boot: boot1, BootMS: boot - 1000},
		Stream: obs.Stream{Device: "river", Channel: "level"}, Value: v, Limit: 3}
}

// Who has seen an alert has seen it as it is: that stays while it goes on or ends, and
// not when it gets worse.
func TestAcknowledgementLapses(t *testing.T) {
	raised := alert.Revise(river, level, nil, change(60_000, 3.014, false), idA, nil)
	seen := alert.Acknowledge(&raised, wire.Moment{Boot: boot1, BootMS: 70_000}, "王芳")
	if seen.Rev != raised.Rev+1 || seen.Acknowledged.By != "王芳" || seen.Condition != "active" || raised.Acknowledged != nil {
		t.Errorf("acknowledged: %+v of %+v", seen, raised)
	}
	forecast := seen
	forecast.Stage = "forecast"
	for name, c := range map[string]struct {
		was      wire.Alert
		severity wire.Severity
		cleared  bool
		seen     bool
	}{
		"as it was":   {was: seen, severity: wire.Orange, seen: true},
		"less severe": {was: seen, severity: wire.Blue, seen: true},
		"over":        {was: seen, cleared: true, seen: true},
		"more severe": {was: seen, severity: wire.Red},
		"come true":   {was: forecast},
	} {
		next := change(90_000, 3.5, c.cleared)
		next.Severity = c.severity
		if got := alert.Revise(river, level, &c.was, next, idB, nil); (got.Acknowledged != nil) != c.seen {
			t.Errorf("%s: acknowledged %+v", name, got.Acknowledged)
		}
	}
}

// One id from the raise to the clear; the clear keeps since, and says what it was, that it
// is over, when and where it ended.
func TestReviseLife(t *testing.T) {
	raised := alert.Revise(river, level, nil, change(60_000, 3.014, false), idA, nil)
	cleared := alert.Revise(river, level, &raised, change(90_000, 2.85, true), idB, nil)
	again := alert.Revise(river, level, nil, change(99_000, 3.2, false), idB, nil)
	type line struct {
		ID, Condition string
		Rev           int
		Since         int64
		ZH, EN        string
	}
	var got []line
	for _, a := range []wire.Alert{raised, cleared, again} {
		got = append(got, line{a.ID, a.Condition, a.Rev, a.Since.BootMS, a.Text["zh"], a.Text["en"]})
	}
	want := []line{
		{idA, "active", 1, 59_000, "拱宸桥水位 3.01 米，限值 3.00 米", "river: level 3.01 m, limit 3.00"},
		{idA, "cleared", 2, 59_000, "已恢复：拱宸桥水位 3.01 米，限值 3.00 米（+59s 至 +1m30s，现为 2.85 m）", "Over: river: level 3.01 m, limit 3.00 (+59s to +1m30s, now 2.85 m)"},
		{idB, "active", 1, 98_000, "拱宸桥水位 3.20 米，限值 3.00 米", "river: level 3.20 m, limit 3.00"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if *cleared.Value != 2.85 {
		t.Errorf("the clear gives value %g, want where it ended", *cleared.Value)
	}
	if cleared.Cleared == nil || cleared.Cleared.BootMS != 90_000 || raised.Cleared != nil {
		t.Errorf("cleared at %v, raised says %v", cleared.Cleared, raised.Cleared)
	}
	for _, a := range []wire.Alert{raised, cleared} {
		a.Epoch, a.Seq = wire.NewEpoch(1, [6]byte{1}), 7 // the journal gives them
		if err := a.Validate(); err != nil {
			t.Errorf("revision %d is not fit for the wire: %v", a.Rev, err)
		}
	}
}

func TestReviseWithoutNumbersOrTexts(t *testing.T) {
	c := change(60_000, math.NaN(), false)
	c.Limit = math.NaN()
	a := alert.Revise(alert.Rule{ID: "r", Severity: wire.Blue}, level, nil, c, idA, nil)
	if a.Value != nil || a.Limit != nil {
		t.Errorf("what is not known became value %v, limit %v", a.Value, a.Limit)
	}
	if a.Text["zh"] != "river：水位 – m，限值 – m" || a.Text["en"] != "river: water level – m, limit – m" {
		t.Errorf("texts = %q", a.Text)
	}
	if b, err := json.Marshal(a); err != nil || strings.Contains(string(b), "NaN") {
		t.Errorf("%s, %v", b, err)
	}
}

func TestSavedRoundTrip(t *testing.T) {
	a := alert.Revise(river, level, nil, change(60_000, 3.2, false), idA, nil)
	want := alert.Saved{Rule: "river-high", Snapshot: json.RawMessage(`{"p":2}`), Alert: &a, Boot: boot1, BootMS: 60_000}
	b, err := want.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := alert.DecodeSaved(b)
	want.V = got.V
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Error(err, d)
	}
}

func TestSavedRefuses(t *testing.T) {
	for _, bad := range []string{"", "{}", `{"v":9,"rule":"r"}`, `{"v":1,"rule":""}`, `{"v":1,"rule":"r","alert":{"id":""}}`, "\x00"} {
		if _, err := alert.DecodeSaved([]byte(bad)); !errors.Is(err, alert.ErrSaved) {
			t.Errorf("DecodeSaved(%q) = %v, want ErrSaved", bad, err)
		}
	}
}

// Whatever is accepted is written back so that it is accepted again, the same.
func FuzzDecodeSaved(f *testing.F) {
	f.Add([]byte(`{"v":1,"rule":"r","snapshot":{},"boot":"b","boot_ms":5}`))
	f.Add([]byte(`{"v":1,"rule":"r","snapshot":null,"alert":{"v":1,"id":"x","rev":1},"boot":"","boot_ms":-1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := alert.DecodeSaved(b)
		if err != nil {
			return
		}
		b2, err := s.Encode()
		if err != nil {
			t.Fatalf("Encode after Decode: %v", err)
		}
		again, err := alert.DecodeSaved(b2)
		if err != nil {
			t.Fatalf("Decode after Encode: %v", err)
		}
		if b3, _ := again.Encode(); string(b3) != string(b2) {
			t.Errorf("not stable:\n%s\n%s", b2, b3)
		}
	})
}

func TestTrailKeepsTheNewest(t *testing.T) {
	var trail alert.Trail
	s := obs.Stream{Device: "river", Channel: "level"}
	if got := trail.Of(s, 0); got != nil {
		t.Errorf("an empty trail gave %v", got)
	}
	for i := range 14 {
		r := obs.Reading{Value: float64(i), Quality: obs.Quality{Flag: obs.Pass}}
		switch i {
		case 12:
			r = obs.None(obs.NoEcho)
		case 13:
			r.Quality = obs.Quality{Flag: obs.Suspect, Why: obs.Rate}
		}
		trail.Add(s, int64(i)*1000, r)
	}
	got := trail.Of(s, 14_000)
	if len(got) != 9 || got[0].V != 4 || got[0].At != 10_000 || got[8].V != 13 || got[8].QC != 3 {
		t.Errorf("trail = %+v, want 4 … 11 and 13 (suspect), without the missing one", got)
	}
}

func BenchmarkRevise(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		alert.Revise(river, level, nil, change(60_000, 3.014, false), idA, nil)
	}
}

// A range that is said once more is the same one, as seen from then; when it is over, or
// nobody knows how much later it is, there is none.
func TestRepeatedRange(t *testing.T) {
	forecast := wire.Alert{ID: idA, Rev: 1, Stage: "forecast", At: wire.Moment{Boot: boot1, BootMS: 1000}, Expected: &wire.Expected{FromMS: 60_000, ToMS: 300_000}}
	for name, c := range map[string]struct {
		at   wire.Moment
		want *wire.Expected
	}{
		"half a minute later": {wire.Moment{Boot: boot1, BootMS: 31_000}, &wire.Expected{FromMS: 30_000, ToMS: 270_000}},
		"within it":           {wire.Moment{Boot: boot1, BootMS: 101_000}, &wire.Expected{ToMS: 200_000}},
		"it is over":          {wire.Moment{Boot: boot1, BootMS: 302_000}, nil},
		"in another boot":     {wire.Moment{Boot: "another", BootMS: 2000}, nil},
	} {
		got := alert.Repeat(&forecast, c.at).Expected
		if (got == nil) != (c.want == nil) || got != nil && *got != *c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
	if got := alert.Acknowledge(&forecast, wire.Moment{Boot: boot1, BootMS: 61_000}, "li").Expected; *got != (wire.Expected{ToMS: 240_000}) {
		t.Errorf("acknowledged: %+v", got)
	}
}
