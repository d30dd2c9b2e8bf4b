package detect

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/drivers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// program is a companion that says, for each question in turn, some lines, each after a
// while; %d is the question's id. It keeps to the contract of drivers.Process.
type program struct {
	says  [][]said
	asked [][]byte
	ended int
}

type said struct {
	after time.Duration
	line  string
	err   error // instead of a line: the program is gone
}

func (p *program) Ask(ctx context.Context, line []byte, accept func([]byte) bool) ([]byte, error) {
	p.asked = append(p.asked, bytes.Clone(line))
	var now []said
	if len(p.says) > 0 {
		now, p.says = p.says[0], p.says[1:]
	}
	for _, s := range now {
		select {
		case <-time.After(s.after):
		case <-ctx.Done():
			return nil, over(ctx)
		}
		if s.err != nil {
			return nil, s.err
		}
		var q struct{ ID uint64 }
		if err := json.Unmarshal(line, &q); err != nil {
			return nil, err
		}
		if b := []byte(strings.ReplaceAll(s.line, "%d", fmt.Sprint(q.ID))); accept(b) {
			return b, nil
		}
	}
	<-ctx.Done()
	return nil, over(ctx)
}

func over(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("its detector: %w", drivers.ErrTimeout)
	}
	return ctx.Err()
}

func (p *program) Close() error { p.ended++; return nil }

const one = `{"id":%d,"found":[{"class":"person","score":0.9,"box":[0.1,0.1,0.2,0.3]}]}`

// answers are what the program says to question after question.
func answers(lines ...said) (all [][]said) {
	for _, l := range lines {
		all = append(all, []said{l})
	}
	return all
}

// TestAsker: one picture every 5 s, of which each is a word: n, so many were found; or the
// fault that is told instead, and how long it was waited for.
func TestAsker(t *testing.T) {
	gone := fmt.Errorf("its detector: %w: it ended: exit status 7", drivers.ErrUnplugged)
	silence := said{after: time.Hour}
	ms := func(n int, line string) said { return said{after: time.Duration(n) * time.Millisecond, line: line} }
	for _, c := range []struct {
		name string
		says [][]said
		want string
	}{
		{"it answers", answers(ms(300, one), ms(300, `{"id":%d,"found":[]}`), ms(0, one)), "1 after 300ms, 0 after 300ms, 1 after 0s"},
		{"it loads for 12 s", answers(ms(12000, one), ms(300, one)), "loading after 2s, loading after 0s, loading after 0s, 1 after 300ms"},
		{"it never loads", answers(silence), "loading after 2s, " + strings.Repeat("loading after 0s, ", 11) + "timeout after 0s"},
		{"it hangs, and is asked on without waiting", answers(ms(10, one), silence, silence, ms(10, one), ms(10, one)),
			"1 after 10ms, timeout after 2s, timeout after 0s, timeout after 0s, 1 after 10ms"},
		{"too slow", answers(ms(10, one), ms(2500, one), ms(10, one), ms(10, one)), "1 after 10ms, timeout after 2s, timeout after 0s, 1 after 10ms"},
		{"it ends and loads again", answers(ms(10, one), said{after: 100 * time.Millisecond, err: gone}, said{err: gone}, ms(4000, one), ms(10, one)),
			"1 after 10ms, unplugged after 100ms, unplugged after 0s, unplugged after 0s, 1 after 10ms"},
		{"it reports a fault", answers(ms(10, `{"id":%d,"fault":"device","text":"no NPU"}`), ms(20, one)), "device after 10ms, 1 after 20ms"},
		{"it greets", [][]said{{ms(5, "INFO: loaded"), ms(5, one)}}, "1 after 10ms"},
		{"it answers another question", [][]said{{ms(5, `{"id":99,"found":[]}`), ms(5, one)}}, "1 after 10ms"},
		{"nonsense from the start", answers(ms(5, "Traceback"), silence), "protocol after 2s, protocol after 0s"},
		{"nonsense later", answers(ms(5, one), ms(5, `{"id":%d,"found":[{"class":"person","score":2}]}`), silence, ms(5, one), ms(5, one)),
			"1 after 5ms, protocol after 2s, protocol after 0s, timeout after 0s, 1 after 5ms"},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := &program{says: c.says}
			a := New(p, Config{Width: 32, Height: 24, Find: []string{"person"}, Timeout: 2 * time.Second, Start: time.Minute})
			var got []string
			for range strings.Count(c.want, ",") + 1 {
				got = append(got, sample(t, a))
			}
			if got := strings.Join(got, ", "); got != c.want {
				t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
			}
			if err := errors.Join(a.Close(), a.Close()); err != nil || p.ended != 1 {
				t.Errorf("%s: closed %d times, %v", c.name, p.ended, err)
			}
		})
	}
}

// sample shows a picture, and says what was found in it 5 s before the next one is due.
func sample(t *testing.T, a *Asker) string {
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := a.Show(image.NewGray(image.Rect(0, 0, 64, 48)), began); err != nil {
		t.Fatal(err)
	}
	found, err := a.Found(ctx)
	word := fmt.Sprint(len(found))
	switch {
	case errors.Is(err, ErrLoading):
		word = "loading"
	case err != nil:
		word = drivers.FaultWord(err)
	}
	took := time.Since(began)
	time.Sleep(5*time.Second - took)
	synctest.Wait()
	return fmt.Sprintf("%s after %v", word, took)
}

// A sample that has hardly any time left is not spent on the detector, and one that is
// cancelled ends at once.
func TestAskerLeavesTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := New(&program{}, Config{Width: 16, Height: 16, Timeout: 2 * time.Second, Start: time.Minute})
		defer a.Close()
		m := image.NewGray(image.Rect(0, 0, 16, 16))
		began := time.Now()
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := a.Show(m, began); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Found(short); !errors.Is(err, ErrLoading) || time.Since(began) != 900*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
	synctest.Test(t, func(t *testing.T) {
		a := New(&program{}, Config{Width: 16, Height: 16, Timeout: 2 * time.Second, Start: time.Minute})
		defer a.Close()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Millisecond, cancel)
		if err := a.Show(image.NewGray(image.Rect(0, 0, 16, 16)), time.Now()); err != nil {
			t.Fatal(err)
		}
		if found, err := a.Found(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%v, %v", found, err)
		}
	})
}

// The question is one line that holds the whole picture, made ready for any JSON reader.
func TestQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &program{says: answers(said{line: one}, said{line: one})}
		a := New(p, Config{Width: 20, Height: 10, Colour: true, Find: []string{"person", "truck"}, Timeout: time.Second, Start: time.Second})
		defer a.Close()
		m := image.NewGray(image.Rect(0, 0, 40, 20))
		m.Pix[0], m.Pix[1], m.Pix[40], m.Pix[41] = 200, 200, 200, 200
		sample(t, a)
		if err := a.Show(m, time.Now().Add(250*time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Found(t.Context()); err != nil || len(p.asked) != 2 {
			t.Fatalf("%d questions, %v", len(p.asked), err)
		}
		var q struct {
			V, ID, MS, Width, Height int
			Do, Format, Dots         string
			Find                     []string
		}
		if err := json.Unmarshal(p.asked[1], &q); err != nil || bytes.ContainsAny(p.asked[1], "\r\n") {
			t.Fatalf("%s: %v", p.asked[1], err)
		}
		dots, err := base64.StdEncoding.DecodeString(q.Dots)
		if err != nil || len(dots) != 600 || dots[0] != 200 || dots[2] != 200 || dots[3] != 0 {
			t.Errorf("%d dots, % x, %v", len(dots), dots[:min(9, len(dots))], err)
		}
		if q.Dots = ""; fmt.Sprint(q) != "{1 2 5250 20 10 detect rgb  [person truck]}" {
			t.Errorf("the question is %v", q)
		}
	})
}

// BenchmarkHandover is what a picture of a camera costs before it is on its way to the
// detector: scaled, turned into red, green and blue, and written down.
func BenchmarkHandover(b *testing.B) {
	for _, c := range []struct {
		w, h   int
		colour bool
	}{{320, 240, true}, {320, 240, false}, {640, 640, true}} {
		b.Run(fmt.Sprintf("%dx%d_%v", c.w, c.h, map[bool]string{true: "rgb", false: "grey"}[c.colour]), func(b *testing.B) {
			m := image.NewYCbCr(image.Rect(0, 0, 640, 480), image.YCbCrSubsampleRatio420)
			a := Asker{cfg: Config{Width: c.w, Height: c.h, Colour: c.colour}, scaler: newScaler(c.w, c.h, c.colour)}
			b.ReportAllocs()
			began := spent(b)
			for b.Loop() {
				dots, err := a.scaler.take(m)
				if err != nil {
					b.Fatal(err)
				}
				a.write(dots, time.Time{})
			}
			b.ReportMetric(float64(spent(b)-began)/float64(b.N), "cpu-ns/op")
			b.SetBytes(int64(len(a.line)))
		})
	}
}

// spent is the processor time of this process: others may have the cores meanwhile.
func spent(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
