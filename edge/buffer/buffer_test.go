package buffer_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/buffer"
	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/record"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// began is when boot "a" of these tests began; boot "b" is never dated.
const began = int64(1_795_262_400_000)

func dates(boot string, bootMS int64) (buffer.Date, bool) {
	return buffer.Date{UnixMS: began + bootMS, ErrMS: 5}, boot == "a"
}

// fill appends n samples of one reading each, a second apart.
func fill(t testing.TB, j *journal.Journal, now *int64, n int) {
	t.Helper()
	for i := range n {
		*now += 1000
		s := record.Sample{Device: []string{"river", "well"}[i%2], BootMS: *now, Channels: []string{"level"}, Readings: []obs.Reading{obs.Of(float64(i))}}
		body, err := s.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := j.Append(record.KindSample, body); err != nil {
			t.Fatal(err)
		}
		if i%100 == 99 {
			if err := j.Sync(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// two writes a journal of two boots with n samples each and one record that is
// none, and opens it for reading.
func two(t testing.TB, n int) *buffer.Buffer {
	t.Helper()
	dir := t.TempDir()
	for _, boot := range []string{"a", "b"} {
		var now int64
		j, err := journal.Open(dir, journal.Options{SegmentSize: 4 << 10, Stamp: func() journal.Stamp { return journal.Stamp{Boot: boot, BootMS: now} }})
		if err != nil {
			t.Fatal(err)
		}
		fill(t, j, &now, n)
		if _, err := j.Append(99, []byte("of the future")); err != nil {
			t.Fatal(err)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	r, err := journal.OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return buffer.New(buffer.Options{Journal: r, Date: dates, Missing: func(_ wire.Epoch, r wire.Range) []wire.Range {
		return []wire.Range{{From: r.To - 9, To: r.To}}
	}})
}

func at(bootMS int64) time.Time { return time.UnixMilli(began + bootMS) }

func TestWalk(t *testing.T) {
	const n = 1000
	b := two(t, n)
	for _, c := range []struct {
		name    string
		filter  buffer.Filter
		entries uint64
		undated uint64
	}{
		{"everything", buffer.Filter{}, 2 * n, 0},
		{"from a moment on", buffer.Filter{Since: at(901_000)}, 100, n},
		{"up to a moment, not with it", buffer.Filter{Until: at(101_000)}, 100, n},
		{"between", buffer.Filter{Since: at(500_000), Until: at(510_000)}, 10, n},
		{"between, and what has no date", buffer.Filter{Since: at(500_000), Until: at(510_000), Undated: true}, n + 10, 0},
		{"one device", buffer.Filter{Stream: obs.Stream{Device: "well"}}, n, 0},
		{"no such stream", buffer.Filter{Stream: obs.Stream{Device: "well", Channel: "rh"}}, 0, 0},
		{"alerts only", buffer.Filter{Kinds: []string{buffer.Alert}}, 0, 0},
		{"some", buffer.Filter{Limit: 7}, 7, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			given, last := uint64(0), uint64(0)
			sum, err := b.Walk(t.Context(), c.filter, func(done, total uint64) {
				if done < last || done > total {
					t.Errorf("progress %d after %d, of %d", done, last, total)
				}
				last = done
			}, func(e *buffer.Entry) error {
				if e.Dated != (e.Boot == "a") || e.Dated && e.UnixMS != began+e.BootMS {
					t.Errorf("entry %+v has a wrong date", e)
				}
				given++
				return nil
			})
			if err != nil || given != c.entries || sum.Entries != given || sum.Undated != c.undated || sum.Limited != (c.filter.Limit > 0) {
				t.Errorf("%d given, %+v, %v; want %d, %d undated", given, sum, err, c.entries, c.undated)
			}
			if sum.Unreadable == 0 && c.filter.Limit == 0 {
				t.Error("a record that cannot be read was passed over in silence")
			}
		})
	}
}

// Tail gives the last entries, as Walk gives them, however far back they are.
func TestTail(t *testing.T) {
	b := two(t, 1000)
	for _, f := range []buffer.Filter{{}, {Stream: obs.Stream{Device: "well"}}, {Until: at(50_000)}, {Kinds: []string{buffer.Event}}} {
		for _, most := range []int{1, 3, 40, 10_000} {
			var all []buffer.Entry
			if _, err := b.Walk(t.Context(), f, nil, func(e *buffer.Entry) error { all = append(all, *e); return nil }); err != nil {
				t.Fatal(err)
			}
			got, sum, err := b.Tail(t.Context(), f, most)
			want := all[max(0, len(all)-most):]
			if err != nil || len(got) != len(want) || !sum.Limited && len(all) > most || sum.Limited && most == 10_000 || sum.Entries != uint64(len(got)) {
				t.Fatalf("%+v: Tail(%d) = %d entries, %+v, %v; want %d of %d", f, most, len(got), sum, err, len(want), len(all))
			}
			for i := range got {
				if got[i].Epoch != want[i].Epoch || got[i].Seq != want[i].Seq {
					t.Errorf("%+v: entry %d is %s/%d, want %s/%d", f, i, got[i].Epoch, got[i].Seq, want[i].Epoch, want[i].Seq)
				}
			}
		}
	}
}

func TestWalkStops(t *testing.T) {
	b, own := two(t, 3000), errors.New("own")
	if _, err := b.Walk(t.Context(), buffer.Filter{}, nil, func(*buffer.Entry) error { return own }); !errors.Is(err, own) {
		t.Errorf("Walk = %v, want the function's own error", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	n := 0
	_, err := b.Walk(ctx, buffer.Filter{}, nil, func(*buffer.Entry) error { stop(); n++; return nil })
	if !errors.Is(err, context.Canceled) || n > 2000 {
		t.Errorf("Walk = %v after %d entries", err, n)
	}
}

func TestStats(t *testing.T) {
	s := two(t, 1000).Stats()
	if s.Records != 2002 || s.Unsent == nil || *s.Unsent != 20 || len(s.Epochs) != 2 || !s.Epochs[0].Clean || *s.Epochs[0].Unsent != 10 {
		t.Errorf("%+v", s)
	}
	if s.Files < 3 || s.Files != len(s.Segments) || s.Bytes < s.Used || s.Oldest.Unix == 0 || s.Newest.Unix != 0 || s.Newest.Boot != "b" {
		t.Errorf("%+v", s)
	}
}

func TestGapReason(t *testing.T) {
	for _, why := range []string{"stopped", "killed", "power", "disk-full", "damage", "quota", "overload", journal.WhyOverflow} {
		if buffer.GapReason(why, "zh") == why || buffer.GapReason(why, "en") == why {
			t.Errorf("%q has no words", why)
		}
	}
	if buffer.GapReason("flood", "zh") != "flood" {
		t.Error("an unknown reason is lost")
	}
}

func BenchmarkExport(b *testing.B) {
	const n = 100_000
	for _, format := range buffer.Formats() {
		b.Run(format, func(b *testing.B) {
			buf := two(b, n)
			b.ReportAllocs()
			b.ResetTimer()
			for b.Loop() {
				w, err := buffer.NewWriter(io.Discard, format, time.UTC, "gw")
				if err != nil {
					b.Fatal(err)
				}
				if _, err := buf.Walk(context.Background(), buffer.Filter{}, nil, w.Write); err != nil {
					b.Fatal(err)
				}
				if err := w.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*2*n), "ns/reading")
		})
	}
}

func ExampleGapReason() {
	fmt.Println(buffer.GapReason("power", "en"))
	// Output: the power failed
}
