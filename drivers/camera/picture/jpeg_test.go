package picture

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"os"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
)

func load(t testing.TB, file string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// tablesAt finds the Huffman tables of a picture.
func tablesAt(t testing.TB, b []byte) (from, to int) {
	t.Helper()
	from = bytes.Index(b, []byte{0xFF, dht})
	if from < 0 {
		t.Fatal("no DHT")
	}
	return from, from + 2 + int(b[from+2])<<8 + int(b[from+3])
}

// Go's encoder writes the tables of the standard, too.
func TestStandardTables(t *testing.T) {
	scene := load(t, "scene.jpg")
	from, to := tablesAt(t, scene)
	if !bytes.Equal(standardTables, scene[from:to]) {
		t.Error("the tables to insert are not those that encoders use")
	}
}

func TestClean(t *testing.T) {
	scene := load(t, "scene.jpg")
	from, to := tablesAt(t, scene)
	without := append(bytes.Clone(scene[:from]), scene[to:]...)
	thumb := append([]byte{0xFF, 0xE1, 0x0A, 0x02}, bytes.Repeat([]byte{0xFF, eoi}, 0x500)...) // an APP1 segment
	scan := bytes.Index(without, []byte{0xFF, sos})
	for _, c := range []struct {
		name     string
		in, want []byte
	}{
		{"as it is", scene, scene},
		{"with zeros behind it", append(bytes.Clone(scene), make([]byte, 900)...), scene},
		{"with another picture behind it", append(bytes.Clone(scene), scene...), scene},
		{"restart markers", load(t, "restart.jpg"), load(t, "restart.jpg")},
		{"progressive", load(t, "progressive.jpg"), load(t, "progressive.jpg")},
		{"grey", load(t, "grey.jpg"), load(t, "grey.jpg")},
		{"without Huffman tables", without, bytes.Join([][]byte{without[:scan], standardTables, without[scan:]}, nil)},
		{"fill bytes before a marker", append([]byte{0xFF, soi, 0xFF, 0xFF}, scene[2:]...), append([]byte{0xFF, soi, 0xFF, 0xFF}, scene[2:]...)},
		{"end markers in a thumbnail", bytes.Join([][]byte{scene[:2], thumb, scene[2:]}, nil), bytes.Join([][]byte{scene[:2], thumb, scene[2:]}, nil)},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := Clean(c.in)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(p.JPEG, c.want) {
				t.Errorf("%d bytes, want %d", len(p.JPEG), len(c.want))
			}
			if _, err := jpeg.Decode(bytes.NewReader(p.JPEG)); err != nil {
				t.Errorf("it does not decode: %v", err)
			}
		})
	}
}

func TestBadJPEG(t *testing.T) {
	scene := load(t, "scene.jpg")
	edit := func(f func([]byte) []byte) []byte { return f(bytes.Clone(scene)) }
	for _, c := range []struct {
		name, want string
		in         []byte
	}{
		{"nothing", "0 bytes are too few", nil},
		{"little", "499 bytes are too few", scene[:499]},
		{"a byte in front", "it begins with 00 ff d8", append([]byte{0}, scene...)},
		{"a web page", "it begins with 3c 68 74", bytes.Repeat([]byte("<html>"), 100)},
		{"no end marker", "cut short after 2500 bytes", scene[:len(scene)-2]},
		{"half", "cut short after 1251 bytes", scene[:len(scene)/2]},
		{"cut in a segment", "the segment at byte", scene[:550]},
		{"a segment of length 1", "has length 1", edit(func(b []byte) []byte { b[4], b[5] = 0, 1; return b })},
		{"garbage between segments", "a marker begins with 0xff", edit(func(b []byte) []byte {
			from, _ := tablesAt(t, b)
			b[from] = 0x12
			return b
		})},
		{"a second start", "a second picture begins at byte 2", append([]byte{0xFF, soi}, scene...)},
		{"no frame header", "without quantisation tables or frame header", edit(func(b []byte) []byte {
			b[bytes.Index(b, []byte{0xFF, sof0})+1] = 0xFE // a comment
			return b
		})},
		{"arithmetic coding", "SOF9: lossless, hierarchical or with arithmetic coding), which is not read; set the camera to baseline JPEG", edit(func(b []byte) []byte {
			b[bytes.Index(b, []byte{0xFF, sof0})+1] = sof0 + 9
			return b
		})},
		{"twelve bits", "has 12 bits for each brightness, 8 are read; set the camera to baseline", edit(func(b []byte) []byte {
			b[bytes.Index(b, []byte{0xFF, sof0})+4] = 12
			return b
		})},
		{"four colours", "CMYK, as for print; set the camera", edit(func(b []byte) []byte {
			b[bytes.Index(b, []byte{0xFF, sof0})+9] = 4
			return b
		})},
		{"two colours", "a picture of 2 colour planes", edit(func(b []byte) []byte {
			b[bytes.Index(b, []byte{0xFF, sof0})+9] = 2
			return b
		})},
		{"a large progressive one", "a progressive JPEG of 2560 × 1440; of those, which take several times the memory, 2500000 pixels in all are taken: set the camera to baseline JPEG", edit(func(b []byte) []byte {
			at := bytes.Index(b, []byte{0xFF, sof0})
			b[at+1] = sof2
			copy(b[at+5:], []byte{1440 >> 8, 1440 & 0xFF, 2560 >> 8, 0})
			return b
		})},
		{"a progressive one beyond every bound", "a picture of 20000 × 20000; 16 to 8192 pixels a side", edit(func(b []byte) []byte {
			at := bytes.Index(b, []byte{0xFF, sof0})
			b[at+1] = sof2
			copy(b[at+5:], []byte{20000 >> 8, 20000 & 0xFF, 20000 >> 8, 20000 & 0xFF})
			return b
		})},
		{"ends at once", "ends before the picture begins", append([]byte{0xFF, soi, 0xFF, eoi}, make([]byte, 600)...)},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Clean(c.in)
			if !errors.Is(err, drivers.ErrProtocol) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Clean gives %v, want %q", err, c.want)
			}
		})
	}
}

// A JPEG of red, green and blue decodes, and is refused in words that help.
func TestRGB(t *testing.T) {
	var scene bytes.Buffer
	if err := jpeg.Encode(&scene, image.NewRGBA(image.Rect(0, 0, 320, 240)), nil); err != nil {
		t.Fatal(err)
	}
	b := scene.Bytes() // without a JFIF segment, which would say YCbCr
	adobe := append([]byte{0xFF, 0xEE, 0, 14}, "Adobe\x00\x64\x00\x00\x00\x00\x00"...)
	in := append(append([]byte{0xFF, soi}, adobe...), b[2:]...)
	p, err := Clean(in)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = decodeAll(p); !errors.Is(err, drivers.ErrProtocol) || !strings.Contains(err.Error(), "stores red, green and blue; set the camera") {
		t.Errorf("%v", err)
	}
}

func TestEveryCutIsRefused(t *testing.T) {
	for _, file := range []string{"scene.jpg", "progressive.jpg"} {
		b := load(t, file)
		for n := range b {
			if _, err := Clean(b[:n]); err == nil {
				t.Fatalf("%s passes with %d of %d bytes", file, n, len(b))
			}
		}
	}
}

// FuzzClean holds that what is accepted begins and ends as a picture does, is
// accepted again unchanged, and is made of the input's bytes and the tables.
func FuzzClean(f *testing.F) {
	for _, file := range []string{"scene.jpg", "grey.jpg", "progressive.jpg"} {
		b := load(f, file)
		f.Add(b)
		from, to := tablesAt(f, b)
		f.Add(append(bytes.Clone(b[:from]), b[to:]...))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Clean(b)
		if err != nil {
			if !errors.Is(err, drivers.ErrProtocol) {
				t.Errorf("the error %q is no fault", err)
			}
			return
		}
		again, err := Clean(p.JPEG)
		switch {
		case err != nil || !bytes.Equal(again.JPEG, p.JPEG):
			t.Errorf("a clean picture of %d bytes cleans to %d, %v", len(p.JPEG), len(again.JPEG), err)
		case !bytes.HasPrefix(p.JPEG, []byte{0xFF, soi, 0xFF}) || !bytes.HasSuffix(p.JPEG, []byte{0xFF, eoi}):
			t.Errorf("a clean picture is % x … % x", p.JPEG[:3], p.JPEG[len(p.JPEG)-2:])
		case len(p.JPEG) > len(b)+len(standardTables):
			t.Errorf("%d bytes became %d", len(b), len(p.JPEG))
		}
		if g, err := decode(p); err == nil && (g.brightness() < 0 || g.brightness() > 100 || g.sharpness() < 0 || g.sharpness() > 1_040_400) {
			t.Errorf("brightness %v, sharpness %v", g.brightness(), g.sharpness())
		}
	})
}
