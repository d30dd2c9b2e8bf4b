package wire

import (
	"bytes"
	"strings"
	"testing"
)

func meta() ImageMeta {
	return ImageMeta{ID: uuid, Device: "gauge", At: Moment{Unix: 1795291200400, Boot: boot, BootMS: 400}, Alert: uuid, Moment: PictureAfter}
}

func TestImagePieces(t *testing.T) {
	for size, pieces := range map[int]int{1: 1, MaxPiece: 1, MaxPiece + 1: 2, 3*MaxPiece - 7: 3, MaxImage: MaxPieces} {
		jpeg := bytes.Repeat([]byte{0xff, '\n', 3}, size/3+1)[:size]
		payloads, err := EncodeImage(meta(), jpeg)
		if err != nil || len(payloads) != pieces {
			t.Fatalf("%d bytes: %d pieces, %v", size, len(payloads), err)
		}
		var back []byte
		for i, p := range payloads {
			m, data, err := DecodeImage(p)
			if err != nil || m.Piece != i || m.Bytes != size || m.Pieces != pieces || m.ID != uuid || len(p) > MaxPiece+maxImageHead {
				t.Fatalf("piece %d: %+v, %v", i, m, err)
			}
			back = append(back, data...)
		}
		if !bytes.Equal(back, jpeg) {
			t.Errorf("%d bytes came back changed", size)
		}
	}
	for _, size := range []int{0, MaxImage + 1} {
		if _, err := EncodeImage(meta(), make([]byte, size)); err == nil {
			t.Errorf("%d bytes were taken", size)
		}
	}
}

func TestDecodeImageRefuses(t *testing.T) {
	good, err := EncodeImage(meta(), []byte("jpeg"))
	if err != nil {
		t.Fatal(err)
	}
	for old, new := range map[string]string{
		"\njpeg": "jpeg", "jpeg": "jpegs", `"bytes":4`: `"bytes":3`, `"pieces":1`: `"pieces":2`, `"piece":0`: `"piece":1`,
		`"v":1`: `"v":9`, "gauge": "Gauge", `"after"`: `"later"`, uuid: "x", `{"v`: strings.Repeat(" ", maxImageHead) + `{"v`,
	} {
		bad := strings.Replace(string(good[0]), old, new, 1)
		if _, _, err := DecodeImage([]byte(bad)); err == nil || bad == string(good[0]) {
			t.Errorf("with %q: %v", new, err)
		}
	}
}

// FuzzDecodeImage: a piece that is accepted has as many bytes as its line says.
func FuzzDecodeImage(f *testing.F) {
	for _, size := range []int{1, 400, MaxPiece + 5} {
		pieces, err := EncodeImage(meta(), make([]byte, size))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(pieces[len(pieces)-1])
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		m, data, err := DecodeImage(payload)
		if err != nil {
			return
		}
		if len(data) > MaxPiece || m.Piece*MaxPiece+len(data) > m.Bytes || !bytes.HasSuffix(payload, data) {
			t.Errorf("%+v with %d bytes", m, len(data))
		}
	})
}
