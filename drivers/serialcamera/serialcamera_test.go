package serialcamera

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/drivers/serialcamera/hydrocam"
	"github.com/lamppost-city/lamppost/drivers/serialcamera/vc0706"
)

// drawn is a small picture of a slope, n shades brighter.
func drawn(t testing.TB, n int) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 32, 24))
	for i := range m.Pix {
		m.SetGray(i%32, i/32, color.Gray{Y: uint8(40 + 4*(i%32) + n)})
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 50}); err != nil {
		t.Fatal(err)
	}
	b.Write(bytes.Repeat([]byte{0}, max(0, 520-b.Len()))) // as a camera pads it: a picture has 500 bytes at least
	return b.Bytes()
}

// pieces are a picture's chunks as a VC0706 sends them, with what asks for each.
func pieces(b []byte) (all []drivertest.Exchange) {
	for address, count := range vc0706.Chunks(len(b), chunk) {
		data := append(bytes.Clone(b[address:]), make([]byte, 8)...)[:count]
		head := []byte{0x76, 0, 0x32, 0, 0}
		all = append(all, drivertest.Exchange{
			Request: binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte{0x56, 0, 0x32, 0x0C, 0, 0x0A}, address), count), 0x000A),
			Answer:  bytes.Join([][]byte{head, data, head}, nil),
		})
	}
	return all
}

// processorCommands are what a VC0706 takes beside the request for the first chunk.
func processorCommands(b []byte) []drivertest.Exchange {
	length := binary.BigEndian.AppendUint32([]byte{0x76, 0, 0x34, 0, 4}, uint32(len(b)))
	return append(pieces(b)[1:],
		drivertest.Exchange{Request: []byte{0x56, 0, 0x36, 1, 0}, Answer: []byte{0x76, 0, 0x36, 0, 0}},
		drivertest.Exchange{Request: []byte{0x56, 0, 0x36, 1, 3}, Answer: []byte{0x76, 0, 0x36, 0, 0}},
		drivertest.Exchange{Request: []byte{0x56, 0, 0x34, 1, 0}, Answer: length})
}

func TestConformance(t *testing.T) {
	good := drivertest.Load(t, "testdata/good.frame")
	drivertest.Run(t, drivertest.Config{
		Kind:        Kind(),
		Good:        good,
		Knows:       processorCommands(drawn(t, 0)),
		NeverBeyond: "both are computed from bytes and cannot leave their range",
		Unguarded:   "nothing on the line has a checksum: a bit in a picture's scan makes another picture",
	})
}

func planYAML(src string) (*drivers.Plan, error) {
	return plan(func(out any) error {
		doc, err := yamldoc.Parse("options", []byte(src))
		if err != nil {
			return err
		}
		return doc.Decode(out)
	})
}

// camera is the other end of a line: answer is called with every request.
func camera(answer func(request []byte) []byte) *drivertest.Port {
	port := drivertest.NewPort()
	port.Answer = func(request []byte) []drivertest.Chunk {
		b := answer(request)
		if b == nil {
			return nil
		}
		return []drivertest.Chunk{{At: 5 * time.Millisecond, Bytes: b}}
	}
	return port
}

// sampled samples a camera n times in a bubble and returns the last result.
func sampled(t *testing.T, options string, n int, port func() *drivertest.Port) (rs []obs.Reading, still []byte, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p, e := planYAML(options)
		if e != nil {
			t.Fatal(e)
		}
		d, e := p.OpenSerial(port())
		if e != nil {
			t.Fatal(e)
		}
		for range n {
			ctx, cancel := context.WithTimeout(t.Context(), p.Timeout)
			rs, err = d.Sample(ctx)
			cancel()
		}
		still, _ = d.(drivers.StillSource).Still()
	})
	return rs, still, err
}

// played is a VC0706 with a picture, of which edit may change an answer: nil means none.
func played(picture []byte, edit func(request, answer []byte) []byte) func([]byte) []byte {
	all := append(pieces(picture), processorCommands(picture)...)
	return func(request []byte) []byte {
		for _, x := range all {
			if bytes.Equal(x.Request, request) {
				return edit(request, x.Answer)
			}
		}
		return []byte{0x76, 0, request[2], 1, 0}
	}
}

// What a VC0706 may say beside a good picture, and what becomes of it. After every failure
// it is told to resume, or the next picture would be the same.
func TestProcessorFaults(t *testing.T) {
	good := drawn(t, 0)
	on := func(command byte, change func(answer []byte) []byte) func(request, answer []byte) []byte {
		return func(request, answer []byte) []byte {
			if request[2] == command && !bytes.Equal(request, []byte{0x56, 0, 0x36, 1, 3}) {
				return change(bytes.Clone(answer))
			}
			return answer
		}
	}
	for _, c := range []struct {
		name, word, want string
		edit             func(request, answer []byte) []byte
	}{
		{"a refusal", "exception", "command 0x36: status 3, wrong format", on(0x36, func([]byte) []byte { return []byte{0x76, 0, 0x36, 3, 0} })},
		{"no picture", "exception", "command 0x34: status 4, not possible now", on(0x34, func([]byte) []byte { return []byte{0x76, 0, 0x34, 4, 0} })},
		{"a large picture", "protocol", "a picture of 16777216 bytes; max_bytes is 1048576", on(0x34, func([]byte) []byte { return []byte{0x76, 0, 0x34, 0, 4, 1, 0, 0, 0} })},
		{"an empty picture", "device", "of no bytes", on(0x34, func([]byte) []byte { return []byte{0x76, 0, 0x34, 0, 4, 0, 0, 0, 0} })},
		{"a length of two bytes", "protocol", "is no length", on(0x34, func([]byte) []byte { return []byte{0x76, 0, 0x34, 0, 2, 1, 0} })},
		{"another baud rate", "protocol", "is it this model, at this baud rate?", on(0x36, func([]byte) []byte { return []byte("\xe0\x1c\xff") })},
		{"silence in a chunk", "protocol", "and not the picture's bytes from 256 on", func(request, answer []byte) []byte {
			if request[2] == 0x32 && request[8] == 1 {
				return answer[:100]
			}
			return answer
		}},
		{"a byte lost", "protocol", "the picture's bytes from 0 on", on(0x32, func(b []byte) []byte { return append(b[:50], b[51:]...) })},
		{"a byte too many", "protocol", "from byte 0 on: ", on(0x32, func(b []byte) []byte { return append(append(b[:50:50], 7), b[50:]...) })},
		{"no picture in the bytes", "protocol", "it begins with", on(0x32, func(b []byte) []byte { b[5], b[6], b[7] = 1, 2, 3; return b })},
		{"silence", "timeout", "not a byte came of the camera's word", on(0x36, func([]byte) []byte { return nil })},
	} {
		resumed := 0
		play := played(good, c.edit)
		_, _, err := sampled(t, "model: vc0706", 1, func() *drivertest.Port {
			return camera(func(request []byte) []byte {
				if bytes.Equal(request, []byte{0x56, 0, 0x36, 1, 3}) {
					resumed++
				}
				return play(request)
			})
		})
		if err == nil || drivers.FaultWord(err) != c.word || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "serial-camera: ") {
			t.Errorf("%s: %v (%s), want %q (%s)", c.name, err, drivers.FaultWord(err), c.want, c.word)
		}
		if held := c.name != "a refusal" && c.name != "silence" && c.name != "another baud rate"; held && resumed != 1 {
			t.Errorf("%s: the camera was told to go on %d times", c.name, resumed)
		}
	}
}

// The news of motion may come between any two answers, and the text of a start.
func TestProcessorSpeaksUnasked(t *testing.T) {
	good := drawn(t, 0)
	news := []byte{0x76, 0, 0x39, 0}
	_, still, err := sampled(t, "model: vc0706", 2, func() *drivertest.Port {
		return camera(played(good, func(_, answer []byte) []byte {
			return bytes.Join([][]byte{news, []byte("Init end\r\n"), news, answer, news}, nil)
		}))
	})
	if err != nil || !bytes.HasPrefix(good, still) || len(still) < 400 {
		t.Errorf("a still of %d bytes, %v", len(still), err)
	}
}

// The same bytes again and again are a camera that has frozen.
func TestFrozen(t *testing.T) {
	good := drawn(t, 0)
	for n, want := range map[int]obs.Quality{4: {}, 5: {Flag: obs.Suspect, Why: obs.Flat}} {
		rs, _, err := sampled(t, "model: vc0706", n, func() *drivertest.Port {
			return camera(played(good, func(_, answer []byte) []byte { return answer }))
		})
		if err != nil || rs[0].Quality != want {
			t.Errorf("picture %d: %v, %v; want %v", n, rs, err, want)
		}
	}
}

// hydroPlay is a HydroCam that is busy for some questions, and gives the next piece of its
// picture behind two bytes, whatever the offset.
type hydroPlay struct {
	picture []byte
	busy    int    // questions for the state that are answered with BUSY
	snap    string // the answer to take_snapshot
	at      int
	asked   []string
}

func (h *hydroPlay) answer(request []byte) []byte {
	h.asked = append(h.asked, strings.TrimSpace(string(request)))
	switch text := string(request); {
	case text == hydrocam.TakeSnapshot:
		h.at = 0
		return []byte(h.snap + "\r\n")
	case text == hydrocam.GetStatus && h.busy > 0:
		h.busy--
		return []byte("BUSY\r\n")
	case text == hydrocam.GetStatus && h.picture == nil:
		return []byte("NONE\r\n")
	case text == hydrocam.GetStatus:
		return fmt.Appendf([]byte("#started\r\n"), "READY,%d\r\n", len(h.picture))
	}
	var offset, n int
	if _, err := fmt.Sscanf(string(request), "#get_image=%d,%d,RAW", &offset, &n); err != nil {
		return []byte("ERR\r\n")
	}
	b := make([]byte, 2+n)
	h.at += copy(b[2:], h.picture[h.at:])
	return b
}

func TestHydroCam(t *testing.T) {
	good := drawn(t, 3)
	h := &hydroPlay{picture: good, busy: 7, snap: "OK"}
	_, still, err := sampled(t, "model: hydrocam", 1, func() *drivertest.Port { return camera(h.answer) })
	if err != nil || !bytes.HasPrefix(good, still) || len(still) < 400 {
		t.Fatalf("a still of %d bytes, %v", len(still), err)
	}
	want := append([]string{"#take_snapshot"}, strings.Split(strings.Repeat("#get_status ", 8), " ")[:8]...)
	want = append(want, "#get_image=0,512,RAW", fmt.Sprintf("#get_image=512,%d,RAW", len(good)-512))
	if strings.Join(h.asked, " ") != strings.Join(want, " ") {
		t.Errorf("it was asked %q, want %q", h.asked, want)
	}
}

func TestHydroCamFaults(t *testing.T) {
	good := drawn(t, 3)
	for _, c := range []struct {
		name, word, want string
		h                hydroPlay
		edit             func(request, answer []byte) []byte
	}{
		{"it cannot", "device", "it says ERR when it should take a picture", hydroPlay{snap: "ERR"}, nil},
		{"busy for ever", "timeout", "", hydroPlay{snap: "BUSY"}, nil},
		{"never ready", "timeout", "", hydroPlay{snap: "OK", busy: 1000}, nil},
		{"no picture", "device", "it says NONE when it should have a picture", hydroPlay{snap: "OK"}, nil},
		{"a large one", "protocol", "max_bytes is 1048576", hydroPlay{snap: "OK", picture: make([]byte, 2<<20)}, nil},
		{"rubbish", "protocol", "is it this model", hydroPlay{}, func(_, _ []byte) []byte { return []byte("?!\r\n") }},
		{"rubbish without an end", "protocol", "is it this model", hydroPlay{}, func(_, _ []byte) []byte { return bytes.Repeat([]byte{7}, 3000) }},
		{"half a piece", "protocol", "the picture's 512 bytes from 0 on", hydroPlay{snap: "OK", picture: good}, func(request, answer []byte) []byte { return answer[:min(len(answer), 300)] }},
		{"silence", "timeout", `not a byte came of an answer to "#take_snapshot`, hydroPlay{}, func(_, _ []byte) []byte { return nil }},
	} {
		_, _, err := sampled(t, "model: hydrocam", 1, func() *drivertest.Port {
			return camera(func(request []byte) []byte {
				answer := c.h.answer(request)
				if c.edit != nil {
					answer = c.edit(request, answer)
				}
				return answer
			})
		})
		if err == nil || drivers.FaultWord(err) != c.word || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v (%s), want %q (%s)", c.name, err, drivers.FaultWord(err), c.want, c.word)
		}
	}
}

func TestOptions(t *testing.T) {
	for src, key := range map[string]string{"model: ov2640": "model", "{model: vc0706, max_bytes: 1}": "max_bytes", "{model: hydrocam, max_bytes: 99999999}": "max_bytes"} {
		_, err := planYAML(src)
		var o *drivers.OptionError
		if !errors.As(err, &o) || o.Key != key {
			t.Errorf("%s gives %v, want one at %s", src, err, key)
		}
	}
	for model, baud := range map[string]int{"vc0706": 38400, "hydrocam": 115200} {
		if p, err := planYAML("model: " + model); err != nil || p.Line.Baud != baud {
			t.Errorf("%s: %v", model, err)
		}
	}
}

// FuzzSample holds that whatever a camera says, a sample ends, with readings in their
// range or with one of the contract's faults.
func FuzzSample(f *testing.F) {
	good := drawn(f, 0)
	f.Add([]byte{0x76, 0, 0x36, 0, 0, 0x76, 0, 0x34, 0, 4, 0, 0, 1, 0}, true)
	f.Add(pieces(good)[0].Answer, true)
	f.Add([]byte("OK\r\nREADY,600\r\n"), false)
	f.Fuzz(func(t *testing.T, says []byte, processor bool) {
		options := "model: hydrocam"
		if processor {
			options = "model: vc0706"
		}
		rs, _, err := sampled(t, options, 1, func() *drivertest.Port { return camera(func([]byte) []byte { return says }) })
		if err != nil && drivers.FaultWord(err) == "error" {
			t.Fatalf("%v wraps no fault", err)
		}
		for _, r := range rs {
			if err == nil && (r.Value < 0 || r.Value > 1_040_400) {
				t.Fatalf("%v", rs)
			}
		}
	})
}
