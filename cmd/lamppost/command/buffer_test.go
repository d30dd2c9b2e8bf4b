package command

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/board"
	"github.com/lamppost-city/lamppost/edge/buffer"
	"github.com/lamppost-city/lamppost/edge/clock"
	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/record"
	"github.com/lamppost-city/lamppost/edge/wire"
)

var shanghai = time.FixedZone("", 8*3600)

// noon is when the first boot of the fixture began.
const noon = int64(1795262400_000) // 2026-11-21 20:00 +08:00

// run appends samples of one run of a gateway; close says how it ends.
type run struct {
	boot    string
	samples int
	dated   bool
}

// street writes a journal as a gateway leaves it: a dated run that was stopped, and
// one that never learned the time.
func street(t *testing.T, runs ...run) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for i, r := range runs {
		now := int64(60_000)
		j, err := journal.Open(dir, journal.Options{Stamp: func() journal.Stamp { return journal.Stamp{Boot: r.boot, BootMS: now} }})
		must(t, err)
		if r.dated {
			line := &clock.Timeline{Boot: r.boot}
			must(t, line.Add(clock.Anchor{Source: "kernel", BootMS: 1000, UnixMS: noon + int64(i)*3600_000 + 1000, ErrMS: 4}))
			b, err := json.Marshal(clock.Run{Timeline: line})
			must(t, err)
			must(t, j.SetState("clock/"+r.boot, b))
		}
		_, err = event(j, wire.Event{V: wire.Version, Kind: "boot", At: wire.Moment{Boot: r.boot, BootMS: now}, Boot: &wire.Boot{Version: "1.2.3", Epoch: wire.Epoch(j.Epoch().String()), Clean: true}})
		must(t, err)
		for n := range r.samples {
			now += 10_000
			must(t, sample(j, n, now))
		}
		must(t, j.Sync(t.Context()))
		must(t, j.Close())
	}
	return dir
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func event(j *journal.Journal, e wire.Event) (uint64, error) {
	body, err := record.AppendEvent(nil, e)
	if err != nil {
		return 0, err
	}
	return j.Append(record.KindEvent, body)
}

// sample appends the n-th sample of a river gauge, and now and then another thing.
func sample(j *journal.Journal, n int, bootMS int64) error {
	s := record.Sample{Device: "river", BootMS: bootMS, Channels: []string{"level", "water_temp"},
		Readings: []obs.Reading{{Value: 2.71 + float64(n)/100, Quality: obs.Quality{Flag: obs.Pass}}, {Value: 14.5, Quality: obs.Quality{Flag: obs.Suspect, Why: obs.Rate}}}}
	if n%5 == 4 {
		s = record.Sample{Device: "air", BootMS: bootMS, Fault: "timeout"}
	}
	body, err := s.Append(nil)
	if err != nil {
		return err
	}
	_, err = j.Append(record.KindSample, body)
	return err
}

var epochRE = regexp.MustCompile(`\b([0-9]+)-[0-9a-f]{12}\b`)

// golden compares a text, its random parts made plain, with a file of testdata.
func golden(t *testing.T, name, got, dir string) {
	t.Helper()
	got = strings.ReplaceAll(epochRE.ReplaceAllString(got, "$1-0123456789ab"), dir, "/var/lib/lamppost")
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		must(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// lamppost runs a command line and returns what it printed and its exit code.
func lamppost(ctx context.Context, args ...string) (out, errs string, code int) {
	var o, e bytes.Buffer
	root := rootCommand(Options{})
	root.SetArgs(args)
	root.SetOut(&o)
	root.SetErr(&e)
	ran, err := root.ExecuteContextC(ctx)
	code = report(&e, err, langOf(ran))
	return o.String(), e.String(), code
}

// times in these goldens are those of a gateway in Hangzhou, wherever the test runs.
func look(t *testing.T, dir, lang string) *opened {
	t.Helper()
	l := looking{dir: dir, lang: lang}
	o, err := l.open(bufferCommand(Options{}))
	must(t, err)
	t.Cleanup(o.Journal.Close)
	return o
}

func TestBufferWords(t *testing.T) {
	dir := street(t, run{boot: "3f2a9c11-04b7-4c0e-9d35-6a1f2b7c8d90", samples: 7, dated: true}, run{boot: "77b0d2e4-5a61-4f3b-8c22-0e9d1a2b3c4d", samples: 3})
	for _, lang := range []string{"en", "zh"} {
		o := look(t, dir, lang)
		var b strings.Builder
		must(t, o.renderStats(&b, busy(o), true, shanghai))
		golden(t, "stats."+lang, b.String(), dir)
		f := filterFlags{}
		filter, err := f.filter()
		must(t, err)
		entries, sum, err := o.Tail(t.Context(), filter, 12)
		must(t, err)
		b.Reset()
		must(t, renderEntries(&b, entries, sum, teller{lang, shanghai}))
		golden(t, "inspect."+lang, b.String(), dir)
	}
}

// busy are the figures of the fixture, made up where they would depend on the
// journal's format or on a long life.
func busy(o *opened) buffer.Stats {
	s := o.Stats()
	waiting, few := uint64(312), uint64(300)
	o.Stores = []string{"city-store-1"}
	s.Bytes, s.Used, s.Broken, s.Records, s.Unsent = 41_200_000, 40_000_000, 1, 1_204_331, &waiting
	s.Epochs[0].Unsent, s.Epochs[0].Clean, s.Epochs[0].Lost = &few, false, 1204
	s.Losses = []buffer.Loss{{Epoch: s.Epochs[0].Epoch, From: s.Epochs[0].From, To: s.Epochs[0].To, Records: 1204, Why: journal.WhyOverflow}}
	for i := range s.Segments {
		s.Segments[i].Size, s.Segments[i].Used, s.Segments[i].Broken = 4<<20, 3e6, i == 0
	}
	o.Writes.Add(board.Writes{MS: 3 * 24 * 3600_000, Device: 480e6, Journal: 120e6, Syncs: 25_920})
	return s
}

func TestVerifyNamesThePlace(t *testing.T) {
	dir := street(t, run{boot: "3f2a9c11-04b7-4c0e-9d35-6a1f2b7c8d90", samples: 200, dated: true})
	if out, errs, code := lamppost(t.Context(), "buffer", "verify", "--dir", dir, "--lang", "en"); code != exitOK || !strings.Contains(out, "all is sound") {
		t.Fatalf("a sound journal: %d\n%s%s", code, out, errs)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.seg"))
	must(t, err)
	b, err := os.ReadFile(files[0])
	must(t, err)
	b[bytes.LastIndex(b, []byte("\x9eLPB"))-20] ^= 1 // inside a block that another one follows
	must(t, os.WriteFile(files[0], b, 0o600))
	for lang, words := range map[string][]string{"en": {filepath.Base(files[0]), "byte ", "a checksum is wrong", "1 place is damaged"}, "zh": {"校验和不符", "1 处损坏", "更换存储卡"}} {
		out, errs, code := lamppost(t.Context(), "buffer", "verify", "--dir", dir, "--lang", lang)
		for _, w := range words {
			if !strings.Contains(out+errs, w) {
				t.Errorf("%s: %q does not stand in\n%s%s", lang, w, out, errs)
			}
		}
		if code != exitFindings {
			t.Errorf("exit %d, want %d", code, exitFindings)
		}
	}
}

// A journal of random bytes is not called sound, nor one that lost nothing.
func TestRandomBytesAreNotSound(t *testing.T) {
	dir := street(t, run{boot: "3f2a9c11-04b7-4c0e-9d35-6a1f2b7c8d90", samples: 200, dated: true})
	files, err := filepath.Glob(filepath.Join(dir, "*.seg"))
	must(t, err)
	junk, r := make([]byte, 256<<10), rand.New(rand.NewPCG(1, 2))
	for i := range junk {
		junk[i] = byte(r.Uint32())
	}
	must(t, os.WriteFile(files[0], junk, 0o600))
	for lang, words := range map[string][2]string{"en": {"it is not known how many records", "records, it is not known how many"}, "zh": {"丢失的记录数量未知", "有记录丢失，数量未知"}} {
		out, errs, code := lamppost(t.Context(), "buffer", "verify", "--dir", dir, "--lang", lang)
		if code != exitFindings || !strings.Contains(out, words[0]) {
			t.Errorf("verify: %d\n%s%s", code, out, errs)
		}
		if out, errs, _ := lamppost(t.Context(), "buffer", "stats", "--dir", dir, "--lang", lang); !strings.Contains(out, words[1]) {
			t.Errorf("stats:\n%s%s", out, errs)
		}
	}
}

// Each export holds the same readings; a file appears whole, beside nothing.
func TestExport(t *testing.T) {
	dir := street(t, run{boot: "3f2a9c11-04b7-4c0e-9d35-6a1f2b7c8d90", samples: 50, dated: true}, run{boot: "77b0d2e4-5a61-4f3b-8c22-0e9d1a2b3c4d", samples: 5})
	to := t.TempDir()
	for format, read := range map[string]func([]byte) (readings, others int, err error){"csv": readCSV, "jsonl": readJSONL, "senml": readSenML} {
		path := filepath.Join(to, "x."+format)
		out, errs, code := lamppost(t.Context(), "buffer", "export", "--dir", dir, "-o", path, "--lang", "en")
		if code != exitOK || out != "" || strings.ContainsAny(errs, "\r\x1b") {
			t.Fatalf("%s: %d %q %q", format, code, out, errs)
		}
		b, err := os.ReadFile(path)
		must(t, err)
		piped, _, _ := lamppost(t.Context(), "buffer", "export", "--dir", dir, "--format", format, "--lang", "en")
		if piped != string(b) {
			t.Errorf("%s: standard output and file differ", format)
		}
		readings, others, err := read(b)
		want, events := 40*2+10+4*2+1, 2
		if format == "senml" {
			want, events = 40*2+10, 0 // nothing without a date, no events
			if !strings.Contains(errs, "11 entries have no place in senml") {
				t.Errorf("what was left out is not said: %q", errs)
			}
		}
		if err != nil || readings != want || others != events {
			t.Errorf("%s: %d readings, %d others, %v; want %d and %d", format, readings, others, err, want, events)
		}
	}
	if left, _ := os.ReadDir(to); len(left) != 3 {
		t.Errorf("%d files beside the exports", len(left)-3)
	}
}

func readCSV(b []byte) (readings, others int, err error) {
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	for _, r := range rows {
		switch {
		case r[7] == "kind":
		case r[7] != "reading":
			others++
		case (r[0] == "") != (r[3] == "77b0d2e4-5a61-4f3b-8c22-0e9d1a2b3c4d") || r[4] == "":
			return 0, 0, errors.New("a row's time and boot do not fit: " + strings.Join(r, ","))
		default:
			readings++
		}
	}
	return readings, others, err
}

func readJSONL(b []byte) (readings, others int, err error) {
	dec := json.NewDecoder(bytes.NewReader(b))
	for {
		var e struct {
			Time, Kind, Boot string
			V                *float64
			QC               int
		}
		if err := dec.Decode(&e); err == io.EOF {
			return readings, others, nil
		} else if err != nil {
			return 0, 0, err
		}
		if e.Kind != "reading" {
			others++
		} else if readings++; (e.V == nil) != (e.QC == 9) || (e.Time == "") != (e.Boot == "77b0d2e4-5a61-4f3b-8c22-0e9d1a2b3c4d") {
			return 0, 0, errors.New("a line without a value, or a time that it cannot have")
		}
	}
}

func readSenML(b []byte) (readings, others int, err error) {
	var pack []struct {
		N, U, VS string
		V        *float64
		T        float64
	}
	err = json.Unmarshal(b, &pack)
	for _, r := range pack {
		if (r.V == nil) == (r.VS == "") || r.T < float64(noon)/1000 || r.N == "river/level" && r.U != "m" {
			return 0, 0, errors.New("not a reading: " + r.N)
		}
	}
	return len(pack), 0, err
}

// An export that is cut short, or has no room, leaves nothing behind.
func TestExportCutShort(t *testing.T) {
	dir, to := street(t, run{boot: "3f2a9c11-04b7-4c0e-9d35-6a1f2b7c8d90", samples: 50}), t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, errs, code := lamppost(ctx, "buffer", "export", "--dir", dir, "-o", filepath.Join(to, "x.csv"), "--lang", "en"); code != exitInt || !strings.Contains(errs, "no file was written") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if left, _ := os.ReadDir(to); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if _, errs, code := lamppost(t.Context(), "buffer", "export", "--dir", dir, "-o", filepath.Join(to, "none", "x.csv")); code != exitStorage {
		t.Errorf("a folder that is not there: exit %d: %s", code, errs)
	}
}

func TestBufferMistakes(t *testing.T) {
	dir := street(t, run{boot: "3f2a9c11-04b7-4c0e-9d35-6a1f2b7c8d90", samples: 1})
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"stats --dir " + t.TempDir(), exitStorage, "holds no journal"},
		{"stats --dir /not/there", exitStorage, "there is no directory /not/there"},
		{"stats --config /not/there.yaml", exitConfig, "--dir /var/lib/lamppost"},
		{"inspect --dir " + dir + " --kind colour", exitUsage, "kinds: reading, event, alert, image"},
		{"inspect --dir " + dir + " --stream river", exitUsage, "device/channel"},
		{"inspect --dir " + dir + " --since 2026-11-20 --until 2026-11-19", exitUsage, "exchange them"},
		{"inspect --dir " + dir + " --since yesterday", exitUsage, "is no time; write 2h"},
		{"inspect --dir " + dir + " -n 0", exitUsage, "--limit is 1 to"},
		{"export --dir " + dir + " -o " + filepath.Join(t.TempDir(), "x.xlsx"), exitUsage, "there is no format \"xlsx\""},
		{"stats --lang fr --dir " + dir, exitUsage, "write zh or en"},
		{"bogus", exitUsage, "bogus"},
		{"export --dir " + dir + " --format xml", exitUsage, "formats: csv, jsonl, senml"},
	} {
		_, errs, code := lamppost(t.Context(), append([]string{"buffer"}, strings.Fields(c.args)...)...)
		if code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("%s: exit %d, want %d with %q:\n%s", c.args, code, c.code, c.want, errs)
		}
	}
}

func TestParseMoment(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, shanghai)
	for in, want := range map[string]string{
		"2h": "2026-11-22T08:00:00+08:00", "3d": "2026-11-19T10:00:00+08:00", "1w": "2026-11-15T10:00:00+08:00", "1h30m": "2026-11-22T08:30:00+08:00",
		"2026-11-20": "2026-11-20T00:00:00+08:00", "2026-11-20 08:15": "2026-11-20T08:15:00+08:00",
		"2026-11-20T08:15:00Z": "2026-11-20T08:15:00Z", " 2026-11-20T08:15:00+01:00": "2026-11-20T08:15:00+01:00",
		"": "", "0": "", "yesterday": "", "2026-13-01": "", "-2h": "", "w": "", "-1w": "", "20:00": "",
	} {
		got, err := parseMoment(in, now)
		if text := got.Format(time.RFC3339); (err == nil) != (want != "") || err == nil && text != want {
			t.Errorf("parseMoment(%q) = %s, %v; want %q", in, text, err, want)
		}
	}
}

func TestColumnsByWidthOnTheScreen(t *testing.T) {
	var b strings.Builder
	must(t, columns(&b, [][]string{{"设备", "数值"}, {"river", "2.71"}, {"气象站", "-"}}))
	if want := "设备    数值\nriver   2.71\n气象站  -\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

func TestBar(t *testing.T) {
	for _, c := range []struct {
		done, total uint64
		took        time.Duration
		want        string
	}{
		{0, 100, 0, "  0 % " + strings.Repeat("░", 30)},
		{50, 100, 10 * time.Second, " 50 % " + strings.Repeat("█", 15) + strings.Repeat("░", 15) + "  10 s left"},
		{200, 100, time.Millisecond, "100 % " + strings.Repeat("█", 30)},
	} {
		if got := barLine(c.done, c.total, c.took, "en"); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	if b := newBar(io.Discard, "en"); b.w != nil {
		t.Error("a bar where there is no terminal")
	}
}

// Figures and entries can be had by programs as well.
func TestStatsJSON(t *testing.T) {
	dir := street(t, run{boot: "3f2a9c11-04b7-4c0e-9d35-6a1f2b7c8d90", samples: 7, dated: true})
	out, _, code := lamppost(t.Context(), "buffer", "stats", "--dir", dir, "--json")
	var s struct {
		Records, Unsent uint64
		Dir             string
		Epochs          []struct{ Clean bool }
	}
	if err := json.Unmarshal([]byte(out), &s); err != nil || code != exitOK || s.Records != 8 || s.Unsent != 8 || s.Dir != dir || !slices.Equal(s.Epochs, []struct{ Clean bool }{{true}}) {
		t.Errorf("%d %v %+v\n%s", code, err, s, out)
	}
}
