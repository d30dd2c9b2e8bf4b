// Package picture judges and measures the pictures of cameras, whatever they came over:
// whether the bytes are one whole JPEG of bounded size, how bright and how sharp it is,
// and whether it is the one before again.
//
// Sources: ITU-T T.81 (JPEG). What is promised: a picture that passes [Clean] begins and
// ends as one, has every segment that decoding needs, and is as small as its header says.
// What is not: that the scan between is as the camera wrote it. Eight damaged bytes there
// often decode without an error, so a line without checksums also has to compare the count
// of bytes with the one that was announced.
package picture

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/lamppost-city/lamppost/drivers"
)

// Markers of a JPEG stream (ITU-T T.81, table B.1); each stands behind a 0xFF.
const (
	soi  = 0xD8 // start of image
	eoi  = 0xD9 // end of image
	sos  = 0xDA // start of scan
	dqt  = 0xDB // quantisation tables
	dht  = 0xC4 // Huffman tables
	sof0 = 0xC0 // frame: baseline
	sof1 = 0xC1 // frame: extended sequential
	sof2 = 0xC2 // frame: progressive
	rst0 = 0xD0 // restart, to rst7
	rst7 = 0xD7
	tem  = 0x01
)

// minBytes is less than any picture with tables and a scan has.
const minBytes = 500

// Picture is one whole JPEG stream.
type Picture struct {
	JPEG          []byte
	Width, Height int // pixels, as the frame header says
	Progressive   bool
}

// Clean returns the picture that begins b, without what a camera may have
// padded it with, and with the Huffman tables that a motion-JPEG frame leaves out
// (they are always the same). It walks the whole stream up to the end marker, so a
// picture that was cut short is refused; it does not look inside the scans. A picture
// whose header asks for more pixels than are taken is refused before anything is
// decoded. Errors wrap drivers.ErrProtocol.
//
// The result is a copy only if tables had to be added.
func Clean(b []byte) (Picture, error) {
	switch {
	case len(b) < minBytes:
		return Picture{}, fmt.Errorf("%w: %d bytes are too few for a picture", drivers.ErrProtocol, len(b))
	case b[0] != 0xFF || b[1] != soi || b[2] != 0xFF:
		return Picture{}, fmt.Errorf("%w: it begins with % x, a JPEG with ff d8 ff", drivers.ErrProtocol, b[:3])
	}
	w := walk{b: b, at: 2}
	if err := w.run(); err != nil {
		return Picture{}, fmt.Errorf("%w: %w", drivers.ErrProtocol, err)
	}
	b = b[:w.at:w.at]
	if !w.tables {
		b = bytes.Join([][]byte{b[:w.scan], standardTables, b[w.scan:]}, nil)
	}
	return Picture{b, w.width, w.height, w.progressive}, nil
}

// walk goes through a stream marker by marker.
type walk struct {
	b      []byte
	at     int
	scan   int  // where the first SOS stands; 0: not seen
	quant  bool // DQT seen before it
	frame  bool // SOF seen before it
	tables bool // DHT seen before it

	progressive   bool
	width, height int
}

func (w *walk) run() error {
	for {
		marker, err := w.next()
		switch {
		case err != nil:
			return err
		case marker == eoi && w.scan == 0:
			return fmt.Errorf("it ends before the picture begins")
		case marker == eoi:
			return nil
		case marker == tem || marker >= rst0 && marker <= rst7:
			continue // alone, without a length
		case marker == soi:
			return fmt.Errorf("a second picture begins at byte %d", w.at-2)
		}
		start := w.at - 2
		if err := w.skipSegment(); err != nil {
			return err
		}
		if err := w.note(marker, start); err != nil {
			return err
		}
		if marker == sos {
			w.skipScan()
		}
	}
}

// next reads a marker; any number of 0xFF may stand before it.
func (w *walk) next() (byte, error) {
	if w.at >= len(w.b) {
		return 0, fmt.Errorf("it is cut short after %d bytes", len(w.b))
	}
	if w.b[w.at] != 0xFF {
		return 0, fmt.Errorf("byte %d is %#02x, a marker begins with 0xff", w.at, w.b[w.at])
	}
	for w.at < len(w.b) && w.b[w.at] == 0xFF {
		w.at++
	}
	if w.at == len(w.b) {
		return 0, fmt.Errorf("it is cut short after %d bytes", len(w.b))
	}
	w.at++
	return w.b[w.at-1], nil
}

func (w *walk) skipSegment() error {
	if len(w.b)-w.at < 2 {
		return fmt.Errorf("it is cut short after %d bytes", len(w.b))
	}
	n := int(binary.BigEndian.Uint16(w.b[w.at:]))
	if n < 2 || n > len(w.b)-w.at {
		return fmt.Errorf("the segment at byte %d has length %d, beyond the end", w.at-2, n)
	}
	w.at += n
	return nil
}

// note remembers what stands before the first scan.
func (w *walk) note(marker byte, start int) error {
	switch marker {
	case dqt:
		w.quant = true
	case dht:
		w.tables = w.tables || w.scan == 0
	case sof0, sof1, sof2:
		return w.noteFrame(marker, w.b[start+4:w.at])
	case sof0 + 3, sof0 + 5, sof0 + 6, sof0 + 7, sof0 + 9, sof0 + 10, sof0 + 11, sof0 + 13, sof0 + 14, sof0 + 15: // between them stand DHT, JPG and DAC
		return fmt.Errorf("its JPEG is of a rare kind (SOF%d: lossless, hierarchical or with arithmetic coding), which is not read; set the camera to baseline JPEG", marker-sof0)
	case sos:
		if !w.quant || !w.frame {
			return fmt.Errorf("the scan begins without quantisation tables or frame header")
		}
		if w.scan == 0 {
			w.scan = start
		}
	}
	return nil
}

// noteFrame reads a frame header: precision, height, width, number of components (T.81, B.2.2).
func (w *walk) noteFrame(marker byte, h []byte) error {
	if len(h) < 6 {
		return fmt.Errorf("its frame header has %d bytes, 6 and more are needed", len(h))
	}
	if w.frame {
		return fmt.Errorf("it has two frame headers")
	}
	w.frame, w.progressive = true, marker == sof2
	w.height, w.width = int(binary.BigEndian.Uint16(h[1:])), int(binary.BigEndian.Uint16(h[3:]))
	switch {
	case h[0] != 8:
		return fmt.Errorf("its JPEG has %d bits for each brightness, 8 are read; set the camera to baseline JPEG", h[0])
	case h[5] == 4:
		return fmt.Errorf("a picture in four colours, CMYK, as for print; set the camera, or the program that makes the picture, to JPEG in colour (YCbCr) or grey")
	case h[5] != 1 && h[5] != 3:
		return fmt.Errorf("a picture of %d colour planes; set the camera to JPEG in colour (YCbCr) or grey", h[5])
	}
	return bounded(w.width, w.height, w.progressive)
}

// Fits says why a picture of this size is not taken; nil: it is.
func Fits(width, height int) error { return bounded(width, height, false) }

// bounded says whether a picture of this size is taken.
func bounded(width, height int, progressive bool) error {
	switch {
	case min(width, height) < minSide || max(width, height) > maxSide || width*height > maxPixels:
		return fmt.Errorf("a picture of %d × %d; %d to %d pixels a side and %d in all are taken", width, height, minSide, maxSide, maxPixels)
	case progressive && width*height > maxProgressive:
		return fmt.Errorf("a progressive JPEG of %d × %d; of those, which take several times the memory, %d pixels in all are taken: set the camera to baseline JPEG, not progressive, or to a smaller picture", width, height, maxProgressive)
	}
	return nil
}

// skipScan goes to the marker that ends the entropy-coded data.
func (w *walk) skipScan() {
	for w.at < len(w.b) {
		i := bytes.IndexByte(w.b[w.at:], 0xFF)
		if i < 0 {
			w.at = len(w.b)
			return
		}
		w.at += i
		if w.at+1 < len(w.b) {
			if c := w.b[w.at+1]; c == 0x00 || c >= rst0 && c <= rst7 {
				w.at += 2
				continue
			}
		}
		return
	}
}
