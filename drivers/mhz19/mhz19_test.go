package mhz19

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/winsen"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

func TestConformance(t *testing.T) {
	drivertest.Run(t, drivertest.Config{
		Kind:   Kind(),
		Good:   drivertest.Load(t, "testdata/captured.frame"),
		Beyond: drivertest.Load(t, "testdata/beyond.frame"),
	})
}

func TestOptions(t *testing.T) {
	drivertest.Refuses(t, Kind(), []drivertest.Refusal{
		{Options: "model: mh-z14", Key: "model", Says: "write mh-z19b or mh-z19c"},
		{Options: "range: 400", Key: "range", Says: "write 2000, 5000 or 10000"},
		{Options: "baseline: false", Key: "baseline", Says: "write keep, on or off"},
	})
	for model, want := range map[string]time.Duration{"mh-z19b": 3 * time.Minute, "mh-z19c": time.Minute} {
		if p, err := drivertest.Plan(Kind(), "model: "+model); err != nil || p.WarmUp != want {
			t.Errorf("%s: %+v, %v, want a warm-up of %v", model, p, err, want)
		}
	}
}

// part answers the question, and writes down what it was sent.
func part(t *testing.T, options string) (*drivertest.Port, func() error) {
	t.Helper()
	p := drivertest.NewPort()
	p.Answer = func(request []byte) []drivertest.Chunk {
		if bytes.Equal(request, question) {
			return []drivertest.Chunk{{At: 20 * time.Millisecond, Bytes: winsen.Frame{winsen.Read, 2, 0x20}.Append(nil)}}
		}
		return nil
	}
	d := drivertest.Open(t, Kind(), options, p)
	return p, func() error {
		_, err := d.Once(t.Context())
		return err
	}
}

// The driver changes nothing on a part unless it is told to, and then only when the
// part may have forgotten it.
func TestBaseline(t *testing.T) {
	q, off, on := "FF0186000000000079", "FF0179000000000086", "FF0179A000000000E6"
	for _, c := range []struct {
		options string
		want    []string // three good samples, one without an answer, two good ones
	}{
		{"{}", []string{q, q, q, q, q, q}},
		{"baseline: keep", []string{q, q, q, q, q, q}},
		{"baseline: \"off\"", []string{off, q, q, q, q, off, q, q}},
		{"baseline: \"on\"", []string{on, q, q, q, q, on, q, q}},
	} {
		t.Run(c.options, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, sample := part(t, c.options)
				answer := p.Answer
				for i := range 6 {
					p.Answer = answer
					if i == 3 {
						p.Answer = nil
					}
					if err := sample(); (err != nil) != (i == 3) {
						t.Fatalf("sample %d: %v", i, err)
					}
				}
				var sent []string
				for _, w := range p.Written {
					sent = append(sent, strings.ToUpper(hex.EncodeToString(w)))
				}
				if strings.Join(sent, " ") != strings.Join(c.want, " ") {
					t.Errorf("sent %v\nwant %v", sent, c.want)
				}
			})
		})
	}
}

// A part that confirms a setting is not taken for one that measured.
func TestConfirmationIsNoValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, sample := part(t, `baseline: "off"`)
		p.Answer = func([]byte) []drivertest.Chunk {
			return []drivertest.Chunk{{At: time.Millisecond, Bytes: winsen.Frame{winsen.Baseline, 1}.Append(nil)}}
		}
		if err := sample(); !errors.Is(err, drivers.ErrTimeout) {
			t.Errorf("a confirmation ends with %v", err)
		}
	})
}

// FuzzStream holds that whatever a line brings, each frame that is found stood in it.
func FuzzStream(f *testing.F) {
	good := drivertest.Load(f, "testdata/captured.frame").Frame
	f.Add(append(append(bytes.Clone(good), good[:5]...), good...))
	f.Add([]byte{0xFF, 0xFF, 0x86, 0xFF})
	f.Fuzz(func(t *testing.T, line []byte) {
		drivertest.Frames(t, format, line, func(v winsen.Frame) []byte { return v.Append(nil) })
	})
}
