package vc0706

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The frames as the protocol sheet and the LS-Y201 manual print them.
func TestFrames(t *testing.T) {
	var c Camera
	sizes := map[string]Size{}
	for _, s := range Sizes() {
		sizes[s.Name] = s
	}
	for _, x := range []struct {
		name, want string
		got        []byte
	}{
		{"reset", "56 00 26 00", c.Reset()},
		{"version", "56 00 11 00", c.Version()},
		{"read image size", "56 00 30 04 04 01 00 19", c.AskSize()},
		{"set 640x480", "56 00 31 05 04 01 00 19 00", c.SetSize(sizes["640x480"])},
		{"set 320x240", "56 00 31 05 04 01 00 19 11", c.SetSize(sizes["320x240"])},
		{"set 160x120", "56 00 31 05 04 01 00 19 22", c.SetSize(sizes["160x120"])},
		{"set 1024x768", "56 00 31 05 05 01 00 19 33", c.SetSize(sizes["1024x768"])},
		{"set 1280x720", "56 00 31 05 05 01 00 19 44", c.SetSize(sizes["1280x720"])},
		{"set 1280x960", "56 00 31 05 05 01 00 19 55", c.SetSize(sizes["1280x960"])},
		{"set 1920x1080", "56 00 31 05 05 01 00 19 66", c.SetSize(sizes["1920x1080"])},
		{"set compression 36", "56 00 31 05 01 01 12 04 36", c.SetCompression(0x36)},
		{"take the picture", "56 00 36 01 00", c.Control(StopThis)},
		{"stop the next", "56 00 36 01 01", c.Control(StopNext)},
		{"step", "56 00 36 01 02", c.Control(Step)},
		{"resume", "56 00 36 01 03", c.Control(Resume)},
		{"picture length", "56 00 34 01 00", c.AskLength()},
		{"read 64 bytes from 0", "56 00 32 0C 00 0A 00 00 00 00 00 00 00 40 00 0A", c.Read(0, 64)},
		{"read 8 bytes from 74565", "56 00 32 0C 00 0A 00 01 23 40 00 00 00 08 00 0A", c.Read(0x12340, 8)},
		{"motion on", "56 00 37 01 01", c.Motion(true)},
		{"motion off", "56 00 37 01 00", c.Motion(false)},
		{"tv off", "56 00 44 01 00", c.TVOut(false)},
		{"another camera", "56 05 11 00", Camera(5).Version()},
	} {
		if !bytes.Equal(x.got, unhex(t, x.want)) {
			t.Errorf("%s is % X, want %s", x.name, x.got, x.want)
		}
	}
}

// Two sources give 57600 bit/s two codes; both are there, the manual's first.
func TestSpeeds(t *testing.T) {
	for baud, want := range map[int][]string{
		9600:   {"56 00 24 03 01 AE C8"},
		19200:  {"56 00 24 03 01 56 E4"},
		38400:  {"56 00 24 03 01 2A F2"},
		57600:  {"56 00 24 03 01 1C 4C", "56 00 24 03 01 1C 1C"},
		115200: {"56 00 24 03 01 0D A6"},
		4800:   nil,
	} {
		var got []string
		for _, f := range Camera(0).Speed(baud) {
			got = append(got, strings.ToUpper(strings.TrimSpace(spaced(f))))
		}
		if !slices.Equal(got, want) {
			t.Errorf("Speed(%d) = %q, want %q", baud, got, want)
		}
	}
}

func spaced(b []byte) string {
	var s strings.Builder
	for _, x := range b {
		s.WriteString(hex.EncodeToString([]byte{x}) + " ")
	}
	return s.String()
}

func TestFind(t *testing.T) {
	const motion = "76 00 39 00"
	for _, x := range []struct {
		name, in string
		command  byte
		status   byte
		data     string
		used     int
		noise    int
	}{
		{"reset", "76 00 26 00 00", CmdReset, 0, "", 5, 0},
		{"version", "76 00 11 00 0B 56 43 30 37 30 33 20 31 2E 30 30", CmdVersion, 0, "56 43 30 37 30 33 20 31 2E 30 30", 16, 0},
		{"image size", "76 00 30 00 01 11", CmdReadReg, 0, "11", 6, 0},
		{"image size is set", "76 00 31 00 00", CmdWriteReg, 0, "", 5, 0},
		{"picture taken", "76 00 36 00 00", CmdFrame, 0, "", 5, 0},
		{"length 8000", "76 00 34 00 04 00 00 1F 40", CmdLength, 0, "00 00 1F 40", 9, 0},
		{"speed", "76 00 24 00 00", CmdSpeed, 0, "", 5, 0},
		{"motion on", "76 00 37 00 00", CmdMotion, 0, "", 5, 0},
		{"tv off", "76 00 44 00 00", CmdTVOut, 0, "", 5, 0},
		{"refused", "76 00 36 03 00", CmdFrame, 3, "", 5, 0},
		{"chunk", "76 00 32 00 00 FF D8", CmdRead, 0, "", 5, 0},
		{"motion before the answer", motion + "76 00 36 00 00", CmdFrame, 0, "", 9, 0},
		{"motion with a count of data", motion + "00 76 00 36 00 00", CmdFrame, 0, "", 10, 0},
		{"motion twice, text, motion", motion + motion + "49 6E 69 74" + motion + "76 00 36 00 00", CmdFrame, 0, "", 21, 4},
		{"an answer to something else", "76 00 31 00 00 76 00 36 00 00", CmdFrame, 0, "", 10, 5},
		{"another camera's answer", "76 01 36 00 00 76 00 36 00 00", CmdFrame, 0, "", 10, 5},
		{"a head in the noise", "76 76 00 76 00 36 00 00", CmdFrame, 0, "", 8, 3},
		{"more data than such an answer has", "76 00 34 00 FF 76 00 34 00 04 00 00 00 01", CmdLength, 0, "00 00 00 01", 14, 5},
		{"a refusal with data", "76 00 36 03 07 76 00 36 03 00", CmdFrame, 3, "", 10, 5},
	} {
		a, used, noise, ok := Camera(0).Find(unhex(t, x.in), x.command)
		if !ok || a.Status != x.status || !bytes.Equal(a.Data, unhex(t, x.data)) || used != x.used || noise != x.noise {
			t.Errorf("%s: %+v, %d used, %d noise, %v", x.name, a, used, noise, ok)
		}
		if (a.Refused() != nil) != (x.status != 0) {
			t.Errorf("%s: refused: %v", x.name, a.Refused())
		}
	}
}

// What may still become the answer stays; everything in front of it goes.
func TestFindWaits(t *testing.T) {
	whole := unhex(t, "00 01 76 00 39 00 76 00 34 00 04 00 00 1F 40")
	for n := range whole {
		_, used, noise, ok := Camera(0).Find(whole[:n], CmdLength)
		want := min(n, 2)
		if n > 6 { // a byte behind it shows how long the news is
			want = 6
		}
		if ok || used != want || noise != min(n, 2) {
			t.Errorf("with %d bytes: %d used, %d noise, found %v", n, used, noise, ok)
		}
	}
	if a, _, _, ok := Camera(0).Find(whole, CmdLength); !ok {
		t.Error("the whole is not found")
	} else if n, err := a.Length(); n != 8000 || err != nil {
		t.Errorf("length %d, %v", n, err)
	}
}

func TestRefusals(t *testing.T) {
	for status, want := range map[byte]string{1: "not received", 2: "wrong length", 3: "wrong format", 4: "not possible now", 5: "it failed", 9: "status 9"} {
		a, _, _, ok := Camera(0).Find([]byte{0x76, 0, 0x36, status, 0}, CmdFrame)
		if err := a.Refused(); !ok || err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "0x36") {
			t.Errorf("status %d: %v", status, err)
		}
	}
	if _, err := (Answer{Command: CmdLength, Data: []byte{1}}).Length(); err == nil {
		t.Error("a length of one byte is read")
	}
}

func TestChunk(t *testing.T) {
	good := unhex(t, "76 00 32 00 00 FF D8 FF E0 00 10 4A 46 76 00 32 00 00")
	if b, err := Camera(0).Chunk(good, 8); err != nil || !bytes.Equal(b, good[5:13]) {
		t.Errorf("% x, %v", b, err)
	}
	edit := func(at int, to byte) []byte { b := bytes.Clone(good); b[at] = to; return b }
	for name, x := range map[string]struct {
		in   []byte
		want string
	}{
		"short":               {good[:17], "17 bytes came"},
		"refused":             {edit(3, 4), "before the picture's bytes"},
		"no tail":             {edit(13, 0x77), "bytes were lost"},
		"of another camera":   {edit(1, 1), "before the picture's bytes"},
		"refused at the tail": {edit(16, 1), "bytes were lost"},
	} {
		if _, err := Camera(0).Chunk(x.in, 8); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: %v, want %q", name, err, x.want)
		}
	}
}

func TestChunks(t *testing.T) {
	type chunk struct{ address, count uint32 }
	for _, x := range []struct {
		length, size int
		want         []chunk
	}{
		{0, 64, nil},
		{1, 64, []chunk{{0, 8}}},
		{8, 64, []chunk{{0, 8}}},
		{130, 64, []chunk{{0, 64}, {64, 64}, {128, 8}}},
		{64, 63, []chunk{{0, 56}, {56, 8}}},
		{9, 1, []chunk{{0, 8}, {8, 8}}},
	} {
		var got []chunk
		for a, n := range Chunks(x.length, x.size) {
			got = append(got, chunk{a, n})
		}
		if !slices.Equal(got, x.want) {
			t.Errorf("Chunks(%d, %d) = %v, want %v", x.length, x.size, got, x.want)
		}
	}
	for range Chunks(1<<20, 8) {
		break // whoever has enough may go
	}
}

// FuzzFind holds that an answer is found behind whatever stands in front of it, unless
// that begins an answer itself; that nothing is used twice; and that what is found is in
// the input, byte for byte.
func FuzzFind(f *testing.F) {
	f.Add([]byte("VC0703 1.00\r\nInit end\r\n"), []byte{0, 0, 0x1F, 0x40})
	f.Add([]byte{0x76, 0, 0x39, 0}, []byte{0, 0, 0, 1})
	f.Add([]byte{0x76, 0, 0x34, 0, 0x76}, []byte{9, 9, 9, 9})
	f.Fuzz(func(t *testing.T, front, data []byte) {
		data = append(data, 0, 0, 0, 0)[:4]
		answer := append([]byte{fromCamera, 0, CmdLength, 0, 4}, data...)
		a, used, noise, ok := Camera(0).Find(append(bytes.Clone(front), answer...), CmdLength)
		switch {
		case noise > used || used > len(front)+len(answer):
			t.Fatalf("%d used, %d noise of %d bytes", used, noise, len(front)+len(answer))
		case !bytes.Contains(front, []byte{fromCamera}) && (!ok || !bytes.Equal(a.Data, data) || noise != len(front)):
			t.Fatalf("behind % x: %+v, noise %d, %v", front, a, noise, ok)
		case ok && !bytes.Contains(append(bytes.Clone(front), answer...), append([]byte{fromCamera, 0, CmdLength, a.Status, byte(len(a.Data))}, a.Data...)):
			t.Fatalf("%+v is not in % x", a, front)
		}
		if _, used, _, ok := Camera(0).Find(front, CmdLength); !ok && len(front)-used >= HeadBytes+longest[CmdLength] {
			t.Fatalf("%d bytes are kept that begin no answer", len(front)-used)
		}
	})
}
