package gateway_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/edge/gateway"
	"github.com/lamppost-city/lamppost/edge/status"
)

// contrast counts the bright and dark dots of the upper left, where text would stand.
func contrast(t *testing.T, what string, data []byte) (bright, dark int) {
	t.Helper()
	m, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	for y := range 13 {
		for x := range 90 {
			switch r, _, _, _ := m.At(x, y).RGBA(); {
			case r > 0xb000:
				bright++
			case r < 0x5000:
				dark++
			}
		}
	}
	return bright, dark
}

// With an overlay, the pictures of an alert have time and values in them, whether they go
// over the disk or from memory; those that are sent without an alert, and what is measured,
// have nothing of it.
func TestOverlay(t *testing.T) {
	for where, more := range map[string]string{"over the disk": "", "from memory": "\n# size: 0B", "in processes of their own": ""} {
		t.Run(where, func(t *testing.T) {
			p := newPost(t)
			c, address := newCenter(t)
			pictures := newAlbum()
			pictures.listen(t, c)
			p.camera = bright(t) + `", overlay: true, upload: {every: 1s}, zones: {bank: [[0.5, 0.5], [0.9, 0.5], [0.9, 0.9]]}, name: "eye`
			if strings.HasPrefix(where, "in processes") {
				p.camera = strings.Replace(p.camera, "overlay", "apart: true, overlay", 1)
			}
			p.sensor(2200)
			cfg := p.watching(p.camera, c.uplink(address, "may: [read]"))
			if more != "" {
				cfg.Journal.Stills.Size = 0
			}
			p.start(cfg)
			s := p.until("the flood", func(s status.Snapshot) bool { return flooding(s) != nil && len(flooding(s).Pictures) > 1 })
			alert := flooding(s)
			p.until("all pictures", func(status.Snapshot) bool {
				return len(pictures.of(alert.ID)) == len(alert.Pictures) && len(pictures.of("")) > 0
			})
			s = p.until("a value", func(s status.Snapshot) bool { return brightness(s) > 0 })
			p.stop()
			if v := brightness(s); v < 88 { // the whole picture is nearly white
				t.Errorf("the brightness is %v: what is drawn was measured", v)
			}
			pictures.mu.Lock()
			defer pictures.mu.Unlock()
			for id, m := range pictures.metas {
				bright, dark := contrast(t, id, bytes.Join(pictures.pieces[id], nil))
				if m.Alert != "" && (bright < 60 || dark < 400) || m.Alert == "" && dark > 0 {
					t.Errorf("a picture of alert %q, %s, has %d bright and %d dark dots where text would stand", m.Alert, m.Moment, bright, dark)
				}
			}
			if left, _ := filepath.Glob(filepath.Join(p.dir, "journal", "stills", "*")); len(left) > 0 && more != "" {
				t.Errorf("on the disk is %v", left)
			}
		})
	}
}

func brightness(s status.Snapshot) float64 {
	for _, v := range s.Values {
		if v.Device == "eye" && v.Channel == "brightness" && v.V != nil {
			return *v.V
		}
	}
	return 0
}

// Whatever is to be drawn into, the process that draws says what is wrong and writes nothing,
// or writes the picture.
func TestServeDraw(t *testing.T) {
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 160, 120)), nil); err != nil {
		t.Fatal(err)
	}
	caption := `{"Lines":["2026-05-01 12:00:00","at the alert: flood red"],"Outlines":[{"Name":"bank","Corners":[[0.5,0.5],[0.9,0.5],[0.9,0.9]]}]}` + "\n"
	for name, c := range map[string]struct{ in, want string }{
		"good":                 {caption + photo.String(), ""},
		"no picture":           {caption, "draw into a picture"},
		"half a picture":       {caption + photo.String()[:photo.Len()/2], "draw into a picture"},
		"no caption":           {"", "no caption came"},
		"a caption too long":   {strings.Repeat(" ", 1<<20) + caption, "no caption came"},
		"a caption of rubbish": {"{\n" + photo.String(), "no JSON"},
	} {
		var out bytes.Buffer
		err := gateway.ServeDraw(strings.NewReader(c.in), &out)
		switch {
		case c.want == "":
			if bright, _ := contrast(t, name, out.Bytes()); err != nil || bright < 60 {
				t.Errorf("%s: %v, %d bright dots", name, err, bright)
			}
		case err == nil || !strings.Contains(err.Error(), c.want) || out.Len() > 0:
			t.Errorf("%s: %v and %d bytes, want %q", name, err, out.Len(), c.want)
		}
	}
}

// Where a mask is there is no overlay: it stays black, each dot of it, and text goes where
// there is none.
func TestOverlayLeavesMasks(t *testing.T) {
	p := newPost(t)
	c, _ := newCenter(t)
	p.camera = bright(t) + `", overlay: true, masks: [[[0, 0.5], [0.5, 0.5], [0.5, 1], [0, 1]], [[0, 0], [0.2, 0], [0.2, 0.2], [0, 0.2]]], name: "eye`
	p.sensor(2200)
	p.start(p.watching(p.camera, c.uplink("mqtt://127.0.0.1:1", "may: [read]")))
	s := p.until("the flood", func(s status.Snapshot) bool { return flooding(s) != nil && len(flooding(s).Pictures) > 1 })
	var files []string
	p.until("all are on the disk", func(status.Snapshot) bool {
		files, _ = filepath.Glob(filepath.Join(p.dir, "journal", "stills", "*.still"))
		return len(files) == len(flooding(s).Pictures)
	})
	p.stop()
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		photo := b[bytes.Index(b, []byte("\xff\xd8\xff")):]
		m, err := jpeg.Decode(bytes.NewReader(photo))
		if err != nil {
			t.Fatal(err)
		}
		w, h, drawn := m.Bounds().Dx(), m.Bounds().Dy(), 0
		for y := range h {
			for x := range w {
				r, g, b, _ := m.At(x, y).RGBA()
				switch masked := x <= w/2 && y >= h/2 || x <= w/5 && y <= h/5; {
				case masked && r|g|b != 0:
					t.Fatalf("%s: the dot at %d, %d is masked and is %04x %04x %04x", f, x, y, r, g, b)
				case !masked && y > h/5+8 && y < h/2-8 && r < 0x5000:
					drawn++
				}
			}
		}
		if drawn < 400 {
			t.Errorf("%s: nothing is drawn: %d dark dots outside the masks", f, drawn)
		}
	}
	if strings.Count(strings.Join(files, " "), ".still") < 2 {
		t.Errorf("only %v", files)
	}
}
