package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/journal/faultfs"
)

const plain, alert journal.Kind = 1, 3

func isAlert(k journal.Kind) bool { return k == alert }

func nothingStored(_ journal.Epoch, r journal.Range) []journal.Range { return []journal.Range{r} }

func allStored(journal.Epoch, journal.Range) []journal.Range { return nil }

// TestUrgentOutlivesOverflow keeps the disk away while telemetry overflows the
// buffer: of the alerts in between, and of the states, none is lost.
func TestUrgentOutlivesOverflow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := faultfs.New()
		o := journal.Options{FS: fs, Size: 16 << 20, SegmentSize: 256 << 10, Commit: time.Second, Buffer: 256 << 10, Stamp: fixed, Urgent: isAlert}
		j, err := journal.Open("/j", o)
		if err != nil {
			t.Fatal(err)
		}
		fs.Hook(func(op faultfs.Op, _ string) error {
			if op == "write" || op == "create" || op == "reuse" {
				return syscall.EIO
			}
			return nil
		})
		var alerts []uint64
		for i := range 2000 {
			k := plain
			if i%50 == 7 {
				k = alert
			}
			var seq uint64
			if i%3 == 0 {
				seq, err = j.AppendState(k, []byte(noise(i, 1000)), fmt.Sprintf("key%d", i%4), fmt.Append(nil, i))
			} else {
				seq, err = j.Append(k, []byte(noise(i, 1000)))
			}
			if err != nil {
				t.Fatal(err)
			}
			if k == alert {
				alerts = append(alerts, seq)
			}
			if i%100 == 0 {
				time.Sleep(time.Second)
			}
			if w := j.Stats().Waiting; w > 256<<10+64<<10+64<<10 {
				t.Fatalf("%d bytes wait in memory", w)
			}
		}
		if st := j.Stats(); st.Trouble != journal.TroubleIO || !st.Retry.After(time.Now()) || st.Since.IsZero() {
			t.Errorf("stats %+v", st)
		}
		fs.Hook(nil)
		time.Sleep(2 * time.Minute)
		mustSync(t, j)
		o.FS = fs.Reboot(nil)
		again, err := journal.Open("/j", o)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := readAll(t, again, j.Epoch())
		for _, seq := range alerts {
			if !slices.Contains(got, seq) {
				t.Errorf("alert %d was dropped for telemetry", seq)
			}
		}
		lost := uint64(0)
		for _, l := range infoOf(again, j.Epoch()).Lost {
			if lost += l.Count(); l.Why != journal.WhyOverflow {
				t.Errorf("loss %+v", l)
			}
		}
		if lost == 0 || lost+uint64(len(got)) != 2000 || lost != j.Stats().Lost {
			t.Errorf("%d records there, %d declared, %d counted lost, of 2000", len(got), lost, j.Stats().Lost)
		}
		for k, want := range map[string]string{"key0": "1992", "key1": "1989", "key2": "1998", "key3": "1995"} {
			if s, _ := again.State(k); string(s) != want {
				t.Errorf("state %s = %s, want %s", k, s, want)
			}
		}
		_ = j.Close()
		_ = again.Close()
	})
}

// TestReserveOnFullDisk fills the disk from outside: telemetry must wait, an alert
// is on disk at once, and both go on when there is room.
func TestReserveOnFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := faultfs.New()
		j, err := journal.Open("/j", journal.Options{FS: fs, Size: 64 << 10, SegmentSize: 8 << 10, Reserve: 8 << 10,
			Commit: time.Second, Stamp: fixed, Urgent: isAlert})
		if err != nil {
			t.Fatal(err)
		}
		fs.Space(0)
		for i := 0; !j.Stats().Degraded; i++ {
			if i == 100 {
				t.Fatal("the disk is full, and telemetry has not noticed")
			}
			add(t, j, noise(i, 500))
			time.Sleep(2 * time.Second)
		}
		if st := j.Stats(); st.Trouble != journal.TroubleFull || st.Spare == 0 {
			t.Fatalf("stats %+v", st)
		}
		for i := range 5 {
			seq, err := j.Append(alert, []byte(noise(i, 300)))
			if err != nil {
				t.Fatal(err)
			}
			if err := j.SyncTo(t.Context(), seq); err != nil {
				t.Fatalf("alert %d on a full disk: %v", i, err)
			}
			add(t, j, noise(i, 500))
			time.Sleep(3 * time.Second)
			if !j.Stats().Degraded {
				t.Errorf("telemetry takes the room of alerts after alert %d", i)
			}
		}
		if err := j.Sync(t.Context()); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("Sync = %v, want a full disk", err)
		}
		fs.Space(-1)
		time.Sleep(2 * time.Minute)
		if st := j.Stats(); st.Degraded || st.Waiting > 0 || st.Lost > 0 || st.Spare == 0 {
			t.Errorf("two minutes after there is room again: %+v", st)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestTrimCarriesAlerts: an alert that no store has outlives the telemetry around it.
func TestTrimCarriesAlerts(t *testing.T) {
	fs := faultfs.New()
	o := options(fs)
	o.Urgent = isAlert
	j, err := journal.Open("/j", o)
	if err != nil {
		t.Fatal(err)
	}
	text := []byte("the river is high")
	first, err := j.Append(alert, text)
	if err != nil {
		t.Fatal(err)
	}
	lost := map[uint64]bool{}
	for i := range 400 {
		add(t, j, noise(i, 400))
		mustSync(t, j)
		if err := j.Trim(t.Context(), nothingStored, func(l journal.Loss) error {
			for _, r := range l.Ranges {
				for s := r.From; s <= r.To; s++ {
					lost[s] = true
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	copies := 0
	_ = j.Read(j.Epoch(), 0, 1<<62, func(r journal.Record) error {
		if r.Kind == alert && bytes.Equal(r.Body, text) {
			copies++
		}
		return nil
	})
	if copies != 1 || lost[first] || len(lost) < 300 {
		t.Errorf("%d copies of the alert, declared lost %v, %d records lost", copies, lost[first], len(lost))
	}
	_ = j.Close()
}

// TestAge gives up what is old and stored, nothing else, and nothing while the
// clock is not trusted.
func TestAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := faultfs.New()
		trusted := false
		now := func() time.Time { return time.Now().AddDate(26, 0, 0) }
		open := func(boot string, unset bool) *journal.Journal {
			began := time.Now()
			j, err := journal.Open("/j", journal.Options{FS: fs, Size: 4 << 20, SegmentSize: 4 << 10, Age: time.Hour,
				Time: func() (time.Time, bool) { return now(), trusted },
				Stamp: func() journal.Stamp {
					s := journal.Stamp{Boot: boot, BootMS: time.Since(began).Milliseconds(), UnixMS: now().UnixMilli()}
					if unset {
						s.UnixMS = s.BootMS // 1970
					}
					return s
				}})
			if err != nil {
				t.Fatal(err)
			}
			return j
		}
		trim := func(j *journal.Journal, missing func(journal.Epoch, journal.Range) []journal.Range) (first uint64) {
			if err := j.Trim(t.Context(), missing, func(l journal.Loss) error {
				t.Errorf("age has cost %+v", l)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			return j.Epochs()[0].First
		}
		j := open("boot-1", true)
		for i := range 120 { // two hours
			add(t, j, noise(i, 500))
			mustSync(t, j)
			time.Sleep(time.Minute)
		}
		if got := trim(j, allStored); got != 1 {
			t.Errorf("with a clock that is not trusted everything before %d is given up", got)
		}
		trusted = true
		if got := trim(j, nothingStored); got != 1 {
			t.Errorf("everything before %d is given up though it is stored nowhere", got)
		}
		if got := trim(j, allStored); got < 50 || got > 61 {
			t.Errorf("first record left is %d, want about the 60th: within a boot its own clock counts", got)
		}
		_ = j.Close()
		// The next boot knows the time; what the boot before said of it is nonsense.
		j = open("boot-2", false)
		add(t, j, "one")
		mustSync(t, j)
		if got := trim(j, allStored); got < 50 || got > 61 {
			t.Errorf("first record left is %d: a stamp of 1970 makes nothing old", got)
		}
		for i := range 40 {
			add(t, j, noise(i, 500))
			mustSync(t, j)
		}
		time.Sleep(2 * time.Hour)
		if got := trim(j, allStored); j.Epochs()[0].Epoch != j.Epoch() || got < 20 {
			t.Errorf("two hours later the oldest is %d of %v", got, j.Epochs()[0])
		}
		_ = j.Close()
	})
}
