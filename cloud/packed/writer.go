package packed

import (
	"compress/gzip"
	"net/http"
	"strings"
	"sync"
)

// Least is how long a JSON answer must be to be packed, in bytes: a shorter one fits into
// the first packets of a connection anyway.
const Least = 32 << 10

// packers are those that are not in use: each has more than half a megabyte.
var packers = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is one
	return z
}}

// Writer packs what is written to it if it is JSON, its first piece is long, and the reader
// takes gzip. What has a tag of its own stays as it is, since a tag stands for one coding;
// so does what comes piece by piece, like a stream of events. The handler closes it.
type Writer struct {
	http.ResponseWriter
	takes  bool
	status int
	begun  bool
	zip    *gzip.Writer
}

// NewWriter returns a Writer for an answer.
func NewWriter(w http.ResponseWriter, r *http.Request) *Writer {
	return &Writer{ResponseWriter: w, takes: r.Method == http.MethodGet && accepts(r.Header.Get("Accept-Encoding"))}
}

// Unwrap lets a http.ResponseController reach the connection.
func (w *Writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader keeps the status until it is known what is written.
func (w *Writer) WriteHeader(status int) {
	if w.json() && !w.begun {
		w.status = status
		return
	}
	w.begun = true
	w.ResponseWriter.WriteHeader(status)
}

// json says whether what comes may be packed at all.
func (w *Writer) json() bool {
	h := w.Header()
	return strings.HasPrefix(h.Get("Content-Type"), "application/json") && h.Get("ETag") == "" && h.Get("Content-Encoding") == ""
}

func (w *Writer) Write(b []byte) (int, error) {
	if !w.begun {
		w.begin(len(b))
	}
	if w.zip != nil {
		return w.zip.Write(b)
	}
	return w.ResponseWriter.Write(b)
}

// begin sends the header; the answer begins with a piece so long.
func (w *Writer) begin(length int) {
	w.begun = true
	if w.json() && length >= Least {
		h := w.Header()
		h.Add("Vary", "Accept-Encoding")
		if w.takes {
			h.Set("Content-Encoding", "gzip")
			h.Del("Content-Length")
			w.zip = packers.Get().(*gzip.Writer)
			w.zip.Reset(w.ResponseWriter)
		}
	}
	if w.status != 0 {
		w.ResponseWriter.WriteHeader(w.status)
	}
}

// Close ends the answer.
func (w *Writer) Close() error {
	if !w.begun && w.status != 0 { // without a body
		w.begin(0)
	}
	if w.zip == nil {
		return nil
	}
	err := w.zip.Close()
	w.zip.Reset(nil)
	packers.Put(w.zip)
	w.zip = nil
	return err
}
