package apart

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// maxLine is the longest question that is taken, bytes.
const maxLine = 64 << 10

// Serve is the child's side: it answers the questions on in until in ends, and then closes
// the device. open opens a device of a driver with options, once; the error goes to
// whoever asks. Serve returns what ended in, nil at its end.
func Serve(ctx context.Context, in io.Reader, out io.Writer, open func(driver, options string) (drivers.Driver, error)) error {
	s := &server{open: open}
	defer s.close()
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, 4096), maxLine)
	for lines.Scan() {
		var q question
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			return fmt.Errorf("a question is no JSON: %w", err)
		}
		a := s.answer(ctx, q)
		a.ID = q.ID
		b, err := json.Marshal(a)
		if err != nil {
			return err
		}
		if _, err := out.Write(append(b, '\n')); err != nil {
			return err
		}
	}
	return lines.Err()
}

type server struct {
	open   func(driver, options string) (drivers.Driver, error)
	device drivers.Driver
	still  []byte // of the last good sample
}

func (s *server) close() {
	if s.device != nil {
		_ = s.device.Close() // the process ends
	}
}

func (s *server) answer(ctx context.Context, q question) answer {
	switch {
	case q.Do == doOpen && s.device == nil:
		d, err := s.open(q.Driver, q.Options)
		if err != nil {
			return failed(err)
		}
		s.device = d
		return answer{Text: s.restore(q.State)}
	case q.Do == doOpen:
		return answer{}
	case s.device == nil:
		return answer{Fault: notOpen}
	case q.Do == doSample:
		return s.sample(ctx, time.Duration(min(q.MS, math.MaxInt32))*time.Millisecond)
	case q.Do == doStill && q.From >= 0 && q.From < len(s.still):
		return answer{Piece: s.still[q.From:min(q.From+pieceBytes, len(s.still))]}
	default:
		return answer{Fault: "protocol", Text: fmt.Sprintf("it cannot do %.20q", q.Do)}
	}
}

// restore gives the device what it kept, and says why that was no use; empty: it was, or
// there was nothing.
func (s *server) restore(kept []byte) string {
	if d, ok := s.device.(drivers.Stateful); ok && kept != nil {
		if err := d.Restore(kept); err != nil {
			return err.Error()
		}
	}
	return ""
}

func (s *server) sample(ctx context.Context, within time.Duration) (a answer) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	rs, err := s.device.Sample(ctx)
	if err != nil {
		return failed(err)
	}
	for _, r := range rs {
		a.Readings = append(a.Readings, reading(r))
	}
	if src, ok := s.device.(drivers.StillSource); ok {
		s.still, _ = src.Still()
	}
	a.Still = len(s.still)
	if f, ok := s.device.(drivers.Finder); ok {
		if found, ok := f.Found(); ok {
			found = append([]drivers.Detection{}, found...) // none is written [], not null
			a.Found = &found
		}
	}
	if d, ok := s.device.(drivers.Stateful); ok {
		a.State = d.State()
	}
	if l, ok := s.device.(drivers.Learner); ok {
		learning := l.Learning()
		a.Learning = &learning
	}
	if i, ok := s.device.(drivers.Impaired); ok {
		if err := i.Impaired(); err != nil {
			a.Impaired, a.Why = drivers.FaultWord(err), err.Error()
		}
	}
	return a
}

func failed(err error) answer { return answer{Fault: drivers.FaultWord(err), Text: err.Error()} }
