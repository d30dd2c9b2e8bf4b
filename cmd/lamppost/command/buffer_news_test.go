package command

import (
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/buffer"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// What an alert says again, as after a restart, does not look like a new one.
func TestInspectTellsWhatIsNew(t *testing.T) {
	entry := func(id string, rev int, severity wire.Severity, condition string) buffer.Entry {
		return buffer.Entry{Kind: buffer.Alert, Dated: true, Stream: obs.Stream{Device: "river", Channel: "level"},
			Alert: &wire.Alert{ID: id, Rev: rev, Severity: severity, Condition: condition, Stage: "actual", Text: map[string]string{"en": "high", "zh": "水位高"}}}
	}
	entries := []buffer.Entry{entry("b", 4, wire.Blue, "active"), entry("a", 1, wire.Orange, "active"), entry("a", 2, wire.Orange, "active"),
		entry("a", 3, wire.Red, "active"), entry("a", 4, wire.Red, "cleared")}
	for lang, want := range map[string][]string{
		"en": {"Ⅳ repeated: high", "Ⅱ high", "Ⅱ repeated: high", "Ⅰ more severe: high", "Ⅰ cleared: high"},
		"zh": {"Ⅳ 重报：水位高", "Ⅱ 水位高", "Ⅱ 重报：水位高", "Ⅰ 加重：水位高", "Ⅰ 解除：水位高"},
	} {
		var out strings.Builder
		must(t, renderEntries(&out, entries, buffer.Summary{Entries: 5}, teller{lang, time.UTC}))
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")[1:]
		if len(lines) != len(want) {
			t.Fatalf("%s: %d lines, want %d:\n%s", lang, len(lines), len(want), out.String())
		}
		for i, line := range lines {
			if !strings.HasSuffix(line, "  "+want[i]) {
				t.Errorf("%s: %q, want %q at its end", lang, line, want[i])
			}
		}
	}
}

// A forecast that only tells its range anew is no repetition of the old one.
func TestInspectTellsNewerRanges(t *testing.T) {
	var entries []buffer.Entry
	for i, to := range []int64{300_000, 299_000, 90_000} { // the second is the same, a second later
		entries = append(entries, buffer.Entry{Kind: buffer.Alert, Dated: true, Stream: obs.Stream{Device: "river", Channel: "level"},
			Alert: &wire.Alert{ID: "a", Rev: i + 1, Severity: wire.Blue, Condition: "active", Stage: "forecast", At: wire.Moment{Boot: "b", BootMS: int64(i) * 1000},
				Expected: &wire.Expected{ToMS: to}, Text: map[string]string{"en": "soon"}}})
	}
	var out strings.Builder
	must(t, renderEntries(&out, entries, buffer.Summary{Entries: 3}, teller{"en", time.UTC}))
	for i, want := range []string{"Ⅳ soon", "repeated: soon", "newer range: soon"} {
		if line := strings.Split(out.String(), "\n")[i+1]; !strings.HasSuffix(line, want) {
			t.Errorf("%q, want %q at its end", line, want)
		}
	}
}
