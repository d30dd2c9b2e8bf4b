package camera

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

// picture is one whole JPEG stream.
type picture struct {
	jpeg        []byte
	progressive bool
}

// cleanJPEG returns the picture that begins b, without what a camera may have
// padded it with, and with the Huffman tables that a motion-JPEG frame leaves out
// (they are always the same). It walks the whole stream up to the end marker, so a
// picture that was cut short is refused; it does not look inside the scans.
//
// The result is a copy only if tables had to be added.
func cleanJPEG(b []byte) (picture, error) {
	switch {
	case len(b) < minBytes:
		return picture{}, fmt.Errorf("%w: %d bytes are too few for a picture", drivers.ErrProtocol, len(b))
	case b[0] != 0xFF || b[1] != soi || b[2] != 0xFF:
		return picture{}, fmt.Errorf("%w: it begins with % x, a JPEG with ff d8 ff", drivers.ErrProtocol, b[:3])
	}
	w := walk{b: b, at: 2}
	if err := w.run(); err != nil {
		return picture{}, fmt.Errorf("%w: %w", drivers.ErrProtocol, err)
	}
	b = b[:w.at:w.at]
	if !w.tables {
		b = bytes.Join([][]byte{b[:w.scan], standardTables, b[w.scan:]}, nil)
	}
	return picture{b, w.progressive}, nil
}

// walk goes through a stream marker by marker.
type walk struct {
	b      []byte
	at     int
	scan   int  // where the first SOS stands; 0: not seen
	quant  bool // DQT seen before it
	frame  bool // SOF seen before it
	tables bool // DHT seen before it

	progressive bool
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
		w.frame = true
		w.progressive = w.progressive || marker == sof2
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
