package apart

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/process"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// TestMain is also the child, when it is started as one.
func TestMain(m *testing.M) {
	if how := os.Getenv("APART_CHILD"); how != "" {
		if err := Serve(context.Background(), os.Stdin, os.Stdout, openToy); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// toy is a camera whose options say what befalls it.
type toy struct {
	what  string
	n     int
	still []byte
	from  string // what it was opened with
}

// State is what it was opened with and how often it sampled, with every second sample.
func (d *toy) State() []byte {
	if d.n%2 == 0 {
		return nil
	}
	return fmt.Append(nil, d.from, d.n, ".")
}

func (d *toy) Restore(b []byte) error {
	if string(b) == "rubbish" {
		return errors.New("toy: rubbish was kept")
	}
	d.from = string(b)
	return nil
}

func openToy(driver, options string) (drivers.Driver, error) {
	if driver != "toy" {
		return nil, fmt.Errorf("%w: there is no driver %s", drivers.ErrUnplugged, driver)
	}
	return &toy{what: options}, nil
}

func (d *toy) Sample(ctx context.Context) ([]obs.Reading, error) {
	d.n++
	switch {
	case d.what == "hangs" && d.n == 2:
		select {} // not even the context ends it
	case d.what == "ends" && d.n == 2:
		os.Exit(7)
	case d.what == "grows" && d.n == 2:
		for hoard := [][]byte{}; ; {
			hoard = append(hoard, bytes.Repeat([]byte{1}, 2<<20))
			if err := drivers.Wait(ctx, 10*time.Millisecond); err != nil && len(hoard) > 1<<20 {
				return nil, err
			}
		}
	case d.what == "fails":
		return nil, fmt.Errorf("toy: %w: 3 bytes lost", drivers.ErrChecksum)
	}
	d.still = bytes.Repeat([]byte{byte(d.n)}, 100_000)
	return []obs.Reading{obs.Of(float64(d.n)), obs.None(obs.WarmUp), {Value: 5, Quality: obs.Quality{Flag: obs.Suspect, Why: obs.Flat}}}, nil
}

func (d *toy) Still() ([]byte, bool) { return d.still, d.still != nil }

// Found is one more thing with each sample; after the second its detector has ended.
func (d *toy) Found() ([]drivers.Detection, bool) {
	return slices.Repeat([]drivers.Detection{{Class: "person", Score: 0.25, Box: [4]float64{0, 0.5, 1, 1}}}, d.n-1), d.n <= 2
}

func (d *toy) Impaired() error {
	if d.n <= 2 {
		return nil
	}
	return fmt.Errorf("toy: detector: %w: it ended", drivers.ErrUnplugged)
}

func (d *toy) Close() error { return nil }

// child starts this program as the other process. The limit leaves room for the race detector.
func child(t *testing.T) drivers.Process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c, err := process.New(process.Config{Name: "toy", ProcessSpec: drivers.ProcessSpec{Command: []string{exe, "-test.run=^$"},
		Env: []string{"APART_CHILD=1"}, Memory: 300_000_000, Lines: 1000}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func sample(t *testing.T, r *Remote, within time.Duration) ([]obs.Reading, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	return r.Sample(ctx)
}

// A device in another process is as it would be in this one: readings, qualities, faults
// and pictures.
func TestRemote(t *testing.T) {
	r := New(child(t), Device{Driver: "toy", Options: "", Channels: 3, MaxStill: 1 << 20})
	for n := 1; n <= 3; n++ {
		rs, err := sample(t, r, 20*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if rs[0] != obs.Of(float64(n)) || !math.IsNaN(rs[1].Value) || rs[1].Quality != obs.None(obs.WarmUp).Quality || rs[2].Quality != (obs.Quality{Flag: obs.Suspect, Why: obs.Flat}) {
			t.Errorf("sample %d is %v", n, rs)
		}
		if b, ok := r.Still(); !ok || !bytes.Equal(b, bytes.Repeat([]byte{byte(n)}, 100_000)) {
			t.Errorf("the picture of sample %d has %d bytes", n, len(b))
		}
		found, ok := r.Found()
		if ok != (n <= 2) || ok && len(found) != n-1 || len(found) == 1 && found[0] != (drivers.Detection{Class: "person", Score: 0.25, Box: [4]float64{0, 0.5, 1, 1}}) {
			t.Errorf("in sample %d was found %v, %v", n, found, ok)
		}
		if err := r.Impaired(); (err != nil) != (n == 3) || n == 3 && (!errors.Is(err, drivers.ErrUnplugged) || err.Error() != "toy: detector: the line is unplugged: it ended") {
			t.Errorf("beside sample %d is %v", n, err)
		}
	}
	bad := New(child(t), Device{Driver: "toy", Options: "fails", Channels: 3})
	if _, err := sample(t, bad, 20*time.Second); !errors.Is(err, drivers.ErrChecksum) || err.Error() != "toy: checksum is wrong: 3 bytes lost" {
		t.Errorf("a fault comes as %v", err)
	}
	none := New(child(t), Device{Driver: "other", Channels: 3})
	if _, err := sample(t, none, 20*time.Second); !errors.Is(err, drivers.ErrUnplugged) || !strings.Contains(err.Error(), "there is no driver other") {
		t.Errorf("a device that cannot be opened is %v", err)
	}
}

// Whatever becomes of the child, a sample ends in time with a fault, and a later one is
// good: it was started again, and told again what to open.
func TestRemoteComesBack(t *testing.T) {
	for what, word := range map[string]string{"hangs": "timeout", "ends": "unplugged", "grows": "unplugged"} {
		r := New(child(t), Device{Driver: "toy", Options: what, Channels: 3, MaxStill: 1 << 20})
		if _, err := sample(t, r, 20*time.Second); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		within := 20 * time.Second
		if what == "hangs" {
			within = time.Second
		}
		if _, err := sample(t, r, within); err == nil || drivers.FaultWord(err) != word {
			t.Errorf("%s: %v (%s), want %s", what, err, drivers.FaultWord(err), word)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		for {
			rs, err := sample(t, r, 2*time.Second)
			if err == nil && rs[0].Value == 1 { // the first sample of a new process
				break
			}
			if err := drivers.Wait(ctx, 100*time.Millisecond); err != nil {
				t.Errorf("%s: it does not come back: %v", what, err)
				break
			}
		}
		cancel()
	}
}

// What a device keeps is with the samples that have something new, and it gets it back when
// it is opened, after its process has ended, too.
func TestRemoteKeepsState(t *testing.T) {
	r := New(child(t), Device{Driver: "toy", Options: "ends", Channels: 3, MaxStill: 1 << 20})
	if err := r.Restore([]byte("0.")); err != nil {
		t.Fatal(err)
	}
	if _, err := sample(t, r, 20*time.Second); err != nil || string(r.State()) != "0.1." {
		t.Fatalf("%v; kept is %q", err, r.State())
	}
	if _, err := sample(t, r, 20*time.Second); err == nil { // it ends
		t.Fatal("its process did not end")
	}
	var err error
	for range 100 {
		if _, err = sample(t, r, 20*time.Second); err == nil {
			break
		}
		if err := drivers.Wait(t.Context(), 100*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	if err != nil || string(r.State()) != "0.1.1." {
		t.Errorf("%v; of a process that was started again, kept is %q", err, r.State())
	}
	n := New(child(t), Device{Driver: "toy", Options: "", Channels: 3, MaxStill: 1 << 20})
	for i, want := range []string{"1.", "", "3."} {
		if err := n.Restore([]byte("rubbish")); err != nil {
			t.Fatal(err)
		}
		if _, err := sample(t, n, 20*time.Second); err != nil || string(n.State()) != want {
			t.Errorf("sample %d: %v; kept is %q, want %q", i+1, err, n.State(), want)
		}
	}
}

// liar is a child that says what it likes; %d is the id of the question.
type liar []string

func (l *liar) Ask(_ context.Context, line []byte, accept func([]byte) bool) ([]byte, error) {
	var q question
	if err := json.Unmarshal(line, &q); err != nil {
		return nil, err
	}
	for len(*l) > 0 {
		said := []byte(strings.ReplaceAll((*l)[0], "%d", fmt.Sprint(q.ID)))
		if *l = (*l)[1:]; accept(said) {
			return said, nil
		}
	}
	return nil, drivers.ErrTimeout
}

func TestRemoteBelievesLittle(t *testing.T) {
	for _, c := range []struct {
		says liar
		want string
	}{
		{liar{`{"id":%d,"readings":[[1,0,""]]}`}, "1 readings for 2 channels"},
		{liar{`{"id":%d,"readings":[[1,0,""],[null,0,""]]}`}, "its process says"},
		{liar{`{"id":%d,"readings":[[1,0,""],[1,9,""]]}`}, "its process says"},
		{liar{`{"id":%d,"readings":[[1,0,""],[1,0,""]],"still":99999}`}, "a picture of 99999 bytes"},
		{liar{`{"id":%d,"readings":[[1,0,""],[1,0,""]],"still":-1}`}, "a picture of -1 bytes"},
		{liar{`{"id":%d,"readings":[[1,0,""],[1,0,""]],"still":3}`, `{"id":%d}`}, "a piece of 0 bytes"},
		{liar{`{"id":%d,"readings":[[1,0,""],[1,0,""]],"still":3}`, `{"id":%d,"piece":"AAAAAAAA"}`}, "a piece of 6 bytes"},
		{liar{`{"id":%d,"readings":[[1,0,""],[1,0,""]],"found":[{"class":"a","score":2,"box":[0,0,1,1]}]}`}, "was found cannot be"},
		{liar{`{"id":%d,"readings":[[1,0,""],[1,0,""]],"found":[{"class":"a","score":1,"box":[1,0,0,1]}]}`}, "was found cannot be"},
		{liar{`{"id":%d,"readings":[[1,0,""],[1,0,""]],"state":"` + strings.Repeat("AAAA", 400) + `"}`}, "wants to keep 1200 bytes"},
		{liar{`{"id":%d,"fault":"lazy","text":"x"}`}, `"lazy"`},
		{liar{`{"id":%d,"fault":"timeout"}`}, `"timeout"`},
		{liar{`{"id":%d,"fault":"not-open"}`, `{"id":%d}`, `{"id":%d,"fault":"not-open"}`}, `"not-open"`},
		{liar{`{"id":%d,`}, "its process says"},
		{liar{`{"id":%d7}`, "rubbish", `{"id":999999}`}, "no answer in time"},
	} {
		_, err := New(&c.says, Device{Driver: "toy", Channels: 2, MaxStill: 1000}).Sample(t.Context())
		if err == nil || !strings.Contains(err.Error(), c.want) || drivers.FaultWord(err) == "error" {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

// Of what a child says that it does not judge, what can be is believed, and no more names
// than it has channels.
func TestRemoteBelievesLessons(t *testing.T) {
	says := liar{`{"id":%d,"readings":[[1,0,""],[1,0,""]],"learning":{"waits":["a b","smoke","motion","flame"],"unclear":["level","","smoke","x"],"why":"some thing","hours":99,"for":-5}}`,
		`{"id":%d,"readings":[[1,0,""],[1,0,""]],"learning":{"unclear":["level"],"why":"blocked"}}`}
	r := New(&says, Device{Driver: "toy", Channels: 2, MaxStill: 1000})
	for _, want := range []drivers.Learning{
		{Waits: []string{"smoke", "motion"}, Unclear: []string{"level", "smoke"}, Hours: 24},
		{Waits: []string{}, Unclear: []string{"level"}, Why: "blocked"},
	} {
		if _, err := r.Sample(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := r.Learning()
		if !slices.Equal(got.Waits, want.Waits) || !slices.Equal(got.Unclear, want.Unclear) || got.Why != want.Why || got.Hours != want.Hours || got.For != want.For {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}

func TestServeRefuses(t *testing.T) {
	var out bytes.Buffer
	in := strings.NewReader(`{"id":1,"do":"sample","ms":10}
{"id":2,"do":"open","driver":"toy","options":""}
{"id":3,"do":"open","driver":"toy","options":""}
{"id":4,"do":"still","from":0}
{"id":5,"do":"dance"}
`)
	if err := Serve(t.Context(), in, &out, openToy); err != nil {
		t.Fatal(err)
	}
	want := []string{`{"id":1,"fault":"not-open"}`, `{"id":2}`, `{"id":3}`,
		`{"id":4,"fault":"protocol","text":"it cannot do \"still\""}`, `{"id":5,"fault":"protocol","text":"it cannot do \"dance\""}`}
	if got := strings.TrimSpace(out.String()); got != strings.Join(want, "\n") {
		t.Errorf("it says\n%s", got)
	}
	if err := Serve(t.Context(), strings.NewReader("rubbish\n"), io.Discard, openToy); err == nil {
		t.Error("rubbish is a question")
	}
	if err := Serve(t.Context(), strings.NewReader(strings.Repeat("x", 2*maxLine)), io.Discard, openToy); !errors.Is(err, bufio.ErrTooLong) {
		t.Errorf("a long question is %v", err)
	}
}

// FuzzSample holds that whatever a child answers, a sample is the readings that were
// planned, each with a value or flagged missing, or one of the contract's faults.
func FuzzSample(f *testing.F) {
	f.Add(`{"id":%d,"readings":[[1,0,""],[null,4,"warm-up"]],"still":3}`, `{"id":%d,"piece":"AAAA"}`)
	f.Add(`{"id":%d,"fault":"timeout","text":"camera: h: no answer"}`, "")
	f.Add(`{"id":%d,"readings":[[1,0,""],[1,0,""]],"found":[{"class":"a","score":0.5,"box":[0,0,1,1]}],"impaired":"unplugged","why":"camera: x"}`, "")
	f.Add(`{"id":%d,"fault":"not-open"}`, `{"id":%d}`)
	f.Fuzz(func(t *testing.T, first, then string) {
		r := New(&liar{first, then, first}, Device{Driver: "toy", Channels: 2, MaxStill: 1000})
		rs, err := r.Sample(t.Context())
		if err != nil {
			if rs != nil {
				t.Fatalf("%v and %v", rs, err)
			}
			return
		}
		for _, x := range rs {
			if math.IsNaN(x.Value) != (x.Quality.Flag == obs.Missing) {
				t.Fatalf("%v", rs)
			}
		}
		if b, _ := r.Still(); len(rs) != 2 || len(b) > 1000 {
			t.Fatalf("%v, %d bytes", rs, len(b))
		}
		if found, _ := r.Found(); !good(found) {
			t.Fatalf("found %v", found)
		}
		if err := r.Impaired(); err != nil && drivers.FaultWord(err) == "error" && !strings.Contains(first, `"error"`) {
			t.Fatal(err)
		}
	})
}
