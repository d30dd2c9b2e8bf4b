package alert_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/alert"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// dated is so many minutes after 14:00 in China on 2026-11-20.
func dated(minutes int) wire.Moment {
	ms := int64(minutes) * 60_000
	return wire.Moment{Boot: boot1, BootMS: ms, Unix: time.Date(2026, 11, 20, 6, 0, 0, 0, time.UTC).UnixMilli() + ms}
}

// Times in texts are those of the place, wherever the machine thinks it is.
func TestTextsNameThePlacesTime(t *testing.T) {
	for zone, want := range map[*time.Location]string{
		time.FixedZone("+08:00", 8*3600): "14:00 (chattering since 14:10, 9 changes)",
		time.UTC:                         "06:00 (chattering since 06:10, 9 changes)",
	} {
		r := alert.Rule{ID: "r", Severity: wire.Blue, Zone: zone, Texts: map[string]string{"en": "{since}"}}
		c := change(1, 3.2, false)
		c.At, c.Since, c.Changes, c.Unrest = dated(20), dated(0), 9, dated(10)
		if got := alert.Revise(r, level, nil, c, idA, nil).Text["en"]; got != want {
			t.Errorf("in %v: %q, want %q", zone, got, want)
		}
	}
}

// What has ended says so, whatever it was and however it ended, and no word of that it
// chatters.
func TestOverIsSaid(t *testing.T) {
	r := alert.Rule{ID: "r", Severity: wire.Blue, Zone: time.FixedZone("+08:00", 8*3600)}
	for name, c := range map[string]struct {
		stage   string
		unrest  int
		minutes int
		value   float64
		peak    float64
		zh, en  string
	}{
		"an alert": {stage: "actual", minutes: 12, value: 2.85,
			zh: "已恢复：river：水位 3.20 m，限值 3.00 m（14:00 至 14:12，现为 2.85 m）",
			en: "Over: river: water level 3.20 m, limit 3.00 m (14:00 to 14:12, now 2.85 m)"},
		"one that went further than was said": {stage: "actual", minutes: 12, value: 2.85, peak: 3.461,
			zh: "已恢复：river：水位 3.20 m，限值 3.00 m（14:00 至 14:12，最严重时 3.46 m，现为 2.85 m）",
			en: "Over: river: water level 3.20 m, limit 3.00 m (14:00 to 14:12, at worst 3.46 m, now 2.85 m)"},
		"one whose sensor was lost": {stage: "actual", minutes: 12, value: math.NaN(), peak: 3.461,
			zh: "已恢复：river：水位 3.20 m，限值 3.00 m（14:00 至 14:12，最严重时 3.46 m）",
			en: "Over: river: water level 3.20 m, limit 3.00 m (14:00 to 14:12, at worst 3.46 m)"},
		"one that chattered": {stage: "actual", unrest: 9, minutes: 12, value: 2.85,
			zh: "已恢复：river：水位 3.20 m，限值 3.00 m（14:00 至 14:12，现为 2.85 m）",
			en: "Over: river: water level 3.20 m, limit 3.00 m (14:00 to 14:12, now 2.85 m)"},
		"a long one, its sensor is gone": {stage: "actual", minutes: 24*60 + 5, value: math.NaN(),
			zh: "已恢复：river：水位 3.20 m，限值 3.00 m（11-20 14:00 至 11-21 14:05）",
			en: "Over: river: water level 3.20 m, limit 3.00 m (11-20 14:00 to 11-21 14:05)"},
		"a forecast": {stage: "forecast", minutes: 12, value: 2.85,
			zh: "预测未成为现实：river：水位预计10–15 分钟后达到 3.00 m，现为 3.20 m（14:00 至 14:12，现为 2.85 m）",
			en: "Forecast withdrawn: river: water level 3.00 m expected in 10–15 min, now 3.20 m (14:00 to 14:12, now 2.85 m)"},
	} {
		raise := change(1, 3.2, false)
		raise.Stage, raise.At, raise.Since, raise.Changes, raise.Unrest = c.stage, dated(0), dated(0), c.unrest, dated(0)
		raise.Early, raise.Late = 600, 900
		raised := alert.Revise(r, level, nil, raise, idA, nil)
		if c.peak != 0 {
			alert.Reach(&raised, c.peak)
		}
		clear := change(1, c.value, true)
		clear.Stage, clear.At = c.stage, dated(c.minutes)
		a := alert.Revise(r, level, &raised, clear, idB, nil)
		if a.Text["zh"] != c.zh || a.Text["en"] != c.en {
			t.Errorf("%s:\n%s\n%s\nwant\n%s\n%s", name, a.Text["zh"], a.Text["en"], c.zh, c.en)
		}
	}
	c := change(1, 3.2, false)
	c.At, c.Since = dated(0), dated(0)
	raised := alert.Revise(r, level, nil, c, idA, nil)
	gone := alert.End(r, &raised, dated(3), obs.Label{EN: "its rule is not configured any more"})
	if want := "Over: river: water level 3.20 m, limit 3.00 m (14:00 to 14:03, its rule is not configured any more)"; gone.Text["en"] != want || gone.Rev != 2 || gone.Condition != "cleared" || *gone.Cleared != dated(3) || raised.Condition != "active" {
		t.Errorf("%+v", gone)
	}
}

// An alert that chatters is kept as it was at its worst, and says that: not the harmless
// value of the moment in which it is told.
func TestChatteringKeepsItsWords(t *testing.T) {
	r := alert.Rule{ID: "r", Severity: wire.Blue, Zone: time.UTC}
	c := change(1, 3.2, false)
	c.At, c.Since = dated(0), dated(0)
	a := alert.Revise(r, level, nil, c, idA, nil)
	for _, changes := range []int{9, 14} {
		again := change(1, 2.5, false)
		again.At, again.Since, again.Changes, again.Unrest = dated(12), dated(0), changes, dated(10)
		a = alert.Revise(r, level, &a, again, idB, nil)
		if want := fmt.Sprintf("river: water level 3.20 m, limit 3.00 m (chattering since 06:10, %d changes)", changes); a.Text["en"] != want || *a.Value != 2.5 {
			t.Errorf("%s, value %v, want %s", a.Text["en"], *a.Value, want)
		}
	}
}

// However long a text has become, the revision is fit for the wire, and its end is there.
func TestLongTextsAreClipped(t *testing.T) {
	r := alert.Rule{ID: "r", Severity: wire.Blue, Place: strings.Repeat("桥", 60), Texts: map[string]string{"zh": strings.Repeat("{place}！", 10), "en": "{place}"}}
	c := change(60_000, 3.2, false)
	c.Changes, c.Unrest = 9, c.At
	raised := alert.Revise(r, level, nil, c, idA, nil)
	cleared := alert.Revise(r, level, &raised, change(90_000, 2.85, true), idB, nil)
	for _, a := range []wire.Alert{raised, cleared} {
		a.Epoch, a.Seq = wire.NewEpoch(1, [6]byte{1}), 7
		if err := a.Validate(); err != nil || !utf8.ValidString(a.Text["zh"]) || !strings.Contains(a.Text["zh"], "…（") {
			t.Errorf("%d bytes, %v: %s", len(a.Text["zh"]), err, a.Text["zh"])
		}
	}
}

// {trend} and {place} in a message: which way it goes by the readings before, and where.
func TestTrendAndPlace(t *testing.T) {
	r := alert.Rule{ID: "r", Severity: wire.Blue, Place: "拱宸桥下", Texts: map[string]string{"zh": "{place}：{trend}", "en": "{place}: {trend}"}}
	at := func(values ...float64) (e []wire.Evidence) {
		for i, v := range values {
			e = append(e, wire.Evidence{Stream: "river/level", At: int64(len(values)-1-i) * 60_000, V: v})
		}
		return e
	}
	doubtful := at(2.00, 2.01, 2.02, 2.03)
	for i := range doubtful[1:] {
		doubtful[i].QC = 4
	}
	other := at(1, 2, 3, 4)
	for i := range other {
		other[i].Stream = "river/temp"
	}
	for name, c := range map[string]struct {
		evidence []wire.Evidence
		zh, en   string
	}{
		"a centimetre a minute":  {at(2.00, 2.01, 2.02, 2.03), "上升 0.60 m/h", "rising 0.60 m/h"},
		"down, and one is wrong": {at(2.05, 2.04, 9.99, 2.02, 2.01), "下降 0.60 m/h", "falling 0.60 m/h"},
		"less than it shows":     {at(2.001, 2.002, 2.003, 2.004), "平稳", "steady"},
		"the newest has jumped":  {at(0.32, 0.31, 0.32, 0.32, 0.32, 0.33, 0.32, 0.32, 0.32, 0.45), "骤升 0.13 m", "rose at once by 0.13 m"},
		"and stays for a while":  {at(2.10, 2.10, 2.10, 2.10, 2.10, 2.10, 1.80, 1.80), "骤降 0.30 m", "fell at once by 0.30 m"},
		"longer ago than for":    {at(2.00, 2.00, 2.00, 2.00, 2.00, 2.00, 3.50, 3.50, 3.50, 3.50), "骤升 1.50 m", "rose at once by 1.50 m"},
		"looked at closer since": {at(2.00, 2.01, 3.50, 3.50, 3.51, 3.50, 3.50, 3.49, 3.50, 3.50), "骤升 1.50 m", "rose at once by 1.50 m"},
		"with one in between":    {at(2.00, 2.00, 2.00, 2.80, 3.50, 3.50, 3.50), "骤升 1.50 m", "rose at once by 1.50 m"},
		"a second wave":          {at(4.40, 4.40, 1.00, 1.00, 1.00, 1.00, 4.40), "骤升 3.40 m", "rose at once by 3.40 m"},
		"that lasts":             {at(4.40, 1.00, 1.00, 1.00, 1.00, 4.40, 4.40, 4.40), "骤升 3.40 m", "rose at once by 3.40 m"},
		"two waves":              {at(1.00, 1.00, 4.40, 4.40, 4.40, 1.00, 1.00, 1.00, 4.40, 4.41), "骤升 3.41 m", "rose at once by 3.41 m"},
		"a wave that is over":    {at(1.00, 1.00, 1.00, 4.40, 4.40, 4.40, 1.00, 1.00), "骤降 3.40 m", "fell at once by 3.40 m"},
		"ever faster":            {at(1.00, 1.00, 1.00, 1.00, 1.10, 1.30, 1.70, 2.50, 4.00), "上升 12.43 m/h", "rising 12.43 m/h"},
		"one wrong in between":   {at(2.00, 2.00, 2.00, 9.00, 2.00, 2.00, 2.00), "平稳", "steady"},
		"no more than before":    {at(2.10, 2.15, 2.05, 2.10, 2.10, 2.10, 2.10, 2.10, 2.10, 2.16), "平稳", "steady"},
		"three readings":         {at(2.00, 2.01, 2.02), "–", "–"},
		"only one is usable":     {doubtful, "–", "–"},
		"of another stream":      {other, "–", "–"},
		"none":                   {nil, "–", "–"},
	} {
		a := alert.Revise(r, level, nil, change(1, 3.2, false), idA, c.evidence)
		if a.Text["zh"] != "拱宸桥下："+c.zh || a.Text["en"] != "拱宸桥下: "+c.en {
			t.Errorf("%s: %q, %q", name, a.Text["zh"], a.Text["en"])
		}
	}
}

// Noise is seldom taken for a jump, and a rise with noise never is.
func TestJumpsAreJumps(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	r := alert.Rule{ID: "r", Severity: wire.Blue, Texts: map[string]string{"en": "{trend}"}}
	const runs = 2000
	jumps := func(value func(i int) float64) (n int) {
		for range runs {
			var e []wire.Evidence
			for i := range 10 {
				e = append(e, wire.Evidence{Stream: "river/level", At: int64(9-i) * 60_000, V: value(i)})
			}
			if a := alert.Revise(r, level, nil, change(1, 3.2, false), idA, e); strings.Contains(a.Text["en"], "at once") {
				n++
			}
		}
		return n
	}
	if n := jumps(func(int) float64 { return 2 + 0.05*rnd.NormFloat64() }); n > runs/20 {
		t.Errorf("%d of %d steady series jumped", n, runs)
	}
	if n := jumps(func(i int) float64 { return 2 + 0.1*float64(i) + 0.05*rnd.NormFloat64() }); n > runs/200 {
		t.Errorf("%d of %d rises jumped", n, runs)
	}
	if n := jumps(func(i int) float64 { return 2 + float64(i/6) + 0.05*rnd.NormFloat64() }); n < runs*99/100 {
		t.Errorf("of %d jumps %d were told", runs, n)
	}
}

// What an alert was decided on stays where it was in time, whatever revision tells it.
func TestEvidenceKeepsItsTime(t *testing.T) {
	rose := wire.Alert{Rev: 2, At: wire.Moment{Boot: "b", BootMS: 60_000}, Evidence: []wire.Evidence{{Stream: "river.level", At: 500, V: 3.5}}}
	for name, c := range map[string]struct {
		at   wire.Moment
		want int64
	}{
		"of the same boot": {wire.Moment{Boot: "b", BootMS: 109_000, Unix: 5}, 49_500},
		"of another":       {wire.Moment{Boot: "c", BootMS: 9_000}, -1},
	} {
		for how, a := range map[string]wire.Alert{"ended": alert.End(alert.Rule{}, &rose, c.at, obs.Label{}), "seen": alert.Acknowledge(&rose, c.at, "li"), "under work": alert.Maintain(alert.Rule{}, &rose, c.at, "li", true)} {
			if c.want < 0 && len(a.Evidence) > 0 || c.want >= 0 && (len(a.Evidence) != 1 || a.Evidence[0].At != c.want) {
				t.Errorf("%s, %s: %+v", name, how, a.Evidence)
			}
		}
	}
	dated := wire.Alert{Rev: 2, At: wire.Moment{Unix: 1_795_000_000_000}, Evidence: rose.Evidence}
	if got := alert.Acknowledge(&dated, wire.Moment{Boot: "c", BootMS: 3, Unix: 1_795_000_009_000}, "li").Evidence; got[0].At != 9500 {
		t.Errorf("dated: %+v", got)
	}
}

// What a condition of several parts ended by is named where that is not what it began by.
func TestEndedByAnother(t *testing.T) {
	r := alert.Rule{ID: "r", Severity: wire.Blue, Names: map[string]map[string]string{"canal": {"zh": "古新河"}}}
	raised := alert.Revise(r, level, nil, change(0, 3.2, false), idA, nil)
	c := change(60_000, 0.5, true)
	c.Stream.Device, c.Limit = "canal", 1
	over := alert.Revise(r, level, &raised, c, idB, nil)
	if !strings.Contains(over.Text["en"], ", canal: water level now 0.50 m, limit 1.00 m)") || !strings.Contains(over.Text["zh"], "，古新河水位现为 0.50 m，限值 1.00 m）") {
		t.Errorf("%q", over.Text)
	}
	c.Stream.Device, c.Value = "river", 4
	over = alert.Revise(r, level, &raised, c, idB, nil)
	if !strings.Contains(over.Text["en"], ", now 4.00 m, limit 1.00 m)") {
		t.Errorf("%q", over.Text)
	}
}
