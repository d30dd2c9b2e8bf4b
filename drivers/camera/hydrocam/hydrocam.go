// Package hydrocam writes the commands of the Geolux HydroCam, a hydrology camera on an
// RS-232 line, and reads its answers.
//
// Sources: Geolux's command list, and the library of EnviroDIY, whose author found what the
// manual does not say: each piece of a picture comes behind two bytes that belong to
// nobody; the pieces go on from where the last one ended, whatever offset is asked for, so
// that no piece can be had twice; what reaches beyond the picture is zero; only the raw
// transfer works.
//
// A command is a line that begins with # and ends with CR LF, at 115200 baud, 8N1. An
// answer is a line, but for a piece of a picture, which is as many raw bytes as were asked
// for and two more in front. The camera needs half a second to start, up to 7 s for a
// setting, 6 to 16 s for a picture, and up to 70 s to send it.
package hydrocam

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// Commands without arguments.
const (
	GetStatus    = "#get_status\r\n"
	GetInfo      = "#get_info\r\n"
	TakeSnapshot = "#take_snapshot\r\n"
	RunAutofocus = "#run_autofocus\r\n"
	Reset        = "#reset\r\n"
)

// The sizes of a picture that the camera takes.
const (
	LeastWidth, LeastHeight = 160, 120
	MostWidth, MostHeight   = 2592, 1944
)

// SetResolution chooses the size of pictures, from 160x120 to 2592x1944.
func SetResolution(width, height int) string {
	return fmt.Sprintf("#set_resolution=%dx%d\r\n", width, height)
}

// SetQuality chooses how well pictures are kept.
func SetQuality(q int) string { return fmt.Sprintf("#set_quality=%d\r\n", q) }

// SetMaximumSize bounds a picture in bytes.
func SetMaximumSize(n int) string { return fmt.Sprintf("#set_jpeg_maximum_size=%d\r\n", n) }

// SetLight switches the camera's infrared lamps: on, off or auto.
func SetLight(mode string) string { return "#set_ir_led_mode=" + mode + "\r\n" }

// MoveFocus moves the focus by n steps.
func MoveFocus(n int) string { return fmt.Sprintf("#move_focus=%d\r\n", n) }

// MoveZoom moves the zoom by n steps.
func MoveZoom(n int) string { return fmt.Sprintf("#move_zoom=%d\r\n", n) }

// Sleep lets the camera rest for n seconds.
func Sleep(n int) string { return fmt.Sprintf("#sleep=%d\r\n", n) }

// GetImage asks for the next piece of the picture. The camera gives the piece behind the
// last one, whatever the offset says: ask in order, and each once.
func GetImage(offset, length int) string {
	return fmt.Sprintf("#get_image=%d,%d,RAW\r\n", offset, length)
}

// PieceExtra is how many bytes of nobody's stand in front of each piece.
const PieceExtra = 2

// Piece takes the length bytes of a piece out of what came; b must have PieceExtra more.
func Piece(b []byte, length int) ([]byte, error) {
	if len(b) != length+PieceExtra {
		return nil, fmt.Errorf("%d bytes came, %d and %d in front of them were to come", len(b), length, PieceExtra)
	}
	return b[PieceExtra:], nil
}

// State is what the camera is at.
type State string

// The states and verdicts that an answer can be.
const (
	OK    State = "OK"    // a command was taken
	Ready State = "READY" // a picture is there
	Busy  State = "BUSY"  // it takes a picture, or moves its lens
	None  State = "NONE"  // there is no picture
	Err   State = "ERR"   // it could not do what it was told
)

// Status is an answer line: to GetStatus, or to a command.
type Status struct {
	State State
	Size  int // bytes of the picture that is ready, else 0
}

// MaxLine is longer than any answer line.
const MaxLine = 128

// maxSize is more than a picture of the largest size can have.
const maxSize = 64 << 20

// ParseStatus reads an answer line, with or without its end.
func ParseStatus(line string) (Status, error) {
	line = strings.TrimRight(line, "\r\n")
	word, size, sized := strings.Cut(line, ",")
	switch s := State(word); s {
	case Ready:
		n, err := strconv.ParseUint(strings.TrimSpace(size), 10, 32)
		if !sized || err != nil || n == 0 || n > maxSize {
			return Status{}, fmt.Errorf("%q says no size of a picture; READY,12345 would", shown(line))
		}
		return Status{s, int(n)}, nil
	case OK, Busy, None, Err:
		if sized {
			return Status{}, fmt.Errorf("%q has something behind its word", shown(line))
		}
		return Status{State: s}, nil
	default:
		return Status{}, fmt.Errorf("%q is none of OK, READY, BUSY, NONE and ERR", shown(line))
	}
}

func shown(line string) string { return line[:min(len(line), 40)] }

// Line takes the first whole line from b: what stands before CR LF, or before LF alone.
// rest is what comes behind it; false: there is no whole line yet.
func Line(b []byte) (line string, rest []byte, ok bool) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return "", b, false
	}
	return string(bytes.TrimSuffix(b[:i], []byte("\r"))), b[i+1:], true
}
