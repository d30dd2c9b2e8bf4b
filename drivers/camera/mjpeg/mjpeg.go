// Package mjpeg takes single pictures out of motion JPEG over HTTP: an endless answer of
// type multipart/x-mixed-replace, each part one JPEG.
//
// Sources: RFC 2046, 5.1 (multipart), and what cameras make of it: they write the two
// dashes into the boundary parameter or leave them out on the wire, announce another
// boundary than they send, leave out Content-Length, or end lines with LF alone.
//
// What is promised: a part is never longer than the limit, its header never longer than 8
// KiB, and what stands before the first part never longer than 4 KiB; more memory than that
// is not held. What is not: that a part is a JPEG. See package picture for that.
package mjpeg

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"strconv"
	"strings"
)

const (
	maxPreamble = 4 << 10
	maxHeader   = 8 << 10
	maxBoundary = 256 // the RFC allows 70
	bufferSize  = 16 << 10
)

// Boundary reads the parameter from a Content-Type. It is a hint, see NewReader; false:
// this is no multipart answer.
func Boundary(contentType string) (boundary string, ok bool) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err == nil {
		return params["boundary"], strings.HasPrefix(kind, "multipart/")
	}
	// A boundary that holds what only quotes allow is written without them by some.
	kind, rest, _ := strings.Cut(contentType, ";")
	if !strings.HasPrefix(strings.ToLower(strings.TrimSpace(kind)), "multipart/") {
		return "", false
	}
	_, boundary, _ = strings.Cut(rest, "boundary=")
	return strings.Trim(strings.TrimSpace(boundary), `"`), true
}

// Reader takes parts from a stream.
type Reader struct {
	in       *bufio.Reader
	boundary string // the parameter
	line     []byte // the delimiter as it stands on the wire; nil: nothing was read yet
	limit    int
	behind   bool // the delimiter of the next part is already read
}

// NewReader returns a reader of parts of at most limit bytes. The boundary that counts is
// the line that the stream begins with, where it begins with two dashes, and else the one
// that boundary says, with the dashes or without.
func NewReader(r io.Reader, boundary string, limit int) *Reader {
	return &Reader{in: bufio.NewReaderSize(r, bufferSize), boundary: boundary, limit: limit}
}

// ErrTooLong is what the error of a part beyond the reader's limit wraps.
var ErrTooLong = errors.New("too long")

// Next returns the body of the next part; the bytes are the caller's. With a
// Content-Length it comes as soon as its last byte is there, without one when the next
// part begins. The stream's end is io.EOF between parts and io.ErrUnexpectedEOF in one.
// After an error the reader is of no more use.
func (r *Reader) Next() ([]byte, error) {
	if !r.behind {
		if err := r.delimiter(); err != nil {
			return nil, err
		}
	}
	r.behind = false
	length, err := r.header()
	switch {
	case err != nil:
		return nil, inside(err)
	case length < 0:
		return r.open()
	case length > int64(r.limit):
		return nil, fmt.Errorf("a part of %d bytes: %w, the limit is %d", length, ErrTooLong, r.limit)
	}
	b := make([]byte, length)
	_, err = io.ReadFull(r.in, b)
	return b, inside(err)
}

func inside(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// delimiter reads up to and with the line in front of a part.
func (r *Reader) delimiter() error {
	limit := maxPreamble
	if r.line != nil {
		limit = 4 // behind a part of known length there is a line end and no more
	}
	for n := 0; ; {
		line, err := r.readLine()
		text := bytes.TrimRight(line, "\r\n")
		switch {
		case err != nil && (len(text) == 0 || !errors.Is(err, io.EOF)):
			return err
		case r.line == nil && r.first(text):
			r.line = bytes.Clone(text)
			return nil
		case r.line != nil && bytes.Equal(text, r.line):
			return nil
		case r.line != nil && bytes.Equal(text, append(bytes.Clone(r.line), "--"...)):
			return io.EOF
		}
		if n += len(line); n > limit {
			return fmt.Errorf("no boundary stands where a part should begin, but %.20q", text)
		}
		if err != nil {
			return err
		}
	}
}

// first says whether a line is the first delimiter.
func (r *Reader) first(text []byte) bool {
	if len(text) > maxBoundary || len(text) == 0 {
		return false
	}
	return len(text) > 2 && bytes.HasPrefix(text, []byte("--")) || string(text) == r.boundary
}

// readLine returns a line with its end, or as much of it as fits into the buffer. It is
// good until the next read.
func (r *Reader) readLine() ([]byte, error) {
	line, err := r.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		err = nil
	}
	return line, err
}

// header reads a part's header and returns the length that it states, -1: none.
func (r *Reader) header() (length int64, err error) {
	length = -1
	for n := 0; ; {
		line, err := r.readLine()
		if err != nil {
			return 0, err
		}
		if n += len(line); n > maxHeader {
			return 0, fmt.Errorf("a part's header is longer than %d bytes", maxHeader)
		}
		text := bytes.TrimSpace(line)
		if len(text) == 0 {
			return length, nil
		}
		name, value, _ := bytes.Cut(text, []byte(":"))
		if !bytes.EqualFold(bytes.TrimSpace(name), []byte("Content-Length")) {
			continue
		}
		v, err := strconv.ParseUint(string(bytes.TrimSpace(value)), 10, 62)
		if err != nil {
			return 0, fmt.Errorf("a part's Content-Length is %.20q", value)
		}
		length = int64(v)
	}
}

// open reads a part of unknown length, up to the next delimiter or the stream's end.
func (r *Reader) open() ([]byte, error) {
	var b []byte
	for fresh := true; ; {
		line, err := r.readLine()
		if fresh && r.ends(line, err) {
			r.behind = true
			return cutEnd(b), nil
		}
		if len(b)+len(line) > r.limit+2 { // the line end in front of the delimiter is no part of it
			return nil, fmt.Errorf("a part without Content-Length: %w, the limit is %d bytes", ErrTooLong, r.limit)
		}
		b = append(b, line...)
		if err != nil {
			return nil, inside(err)
		}
		fresh = line[len(line)-1] == '\n'
	}
}

// ends says whether a line is a delimiter, or the one behind the last part.
func (r *Reader) ends(line []byte, err error) bool {
	text := bytes.TrimRight(line, "\r\n")
	if !bytes.HasPrefix(text, r.line) {
		return false
	}
	switch string(text[len(r.line):]) {
	case "":
		return err == nil
	case "--":
		return true
	default:
		return false
	}
}

// cutEnd takes away the line end that belongs to the delimiter.
func cutEnd(b []byte) []byte {
	b = bytes.TrimSuffix(b, []byte("\n"))
	return bytes.TrimSuffix(b, []byte("\r"))
}
