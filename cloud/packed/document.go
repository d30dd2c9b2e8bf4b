package packed

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
)

// Document is a body as it is sent, plain or packed, with a tag by which a reader that has
// it already is told so. It never changes.
type Document struct {
	contentType, caching, etag string
	plain                      []byte
	packed                     []byte // gzip; nil where it saves nothing
}

// New packs a body. caching is what Cache-Control says.
func New(contentType, caching string, body []byte) (*Document, error) {
	sum := sha256.Sum256(body)
	d := &Document{contentType: contentType, caching: caching, etag: `"` + hex.EncodeToString(sum[:12]) + `"`, plain: body}
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(body); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	// A tenth saved is worth the reader's work, less is not.
	if packed.Len() < len(body)-len(body)/10 {
		d.packed = packed.Bytes()
	}
	return d, nil
}

// ServeHTTP sends d, or that the reader has it already.
func (d *Document) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", d.contentType)
	h.Set("Cache-Control", d.caching)
	body, etag := d.plain, d.etag
	if d.packed != nil {
		h.Add("Vary", "Accept-Encoding")
		if accepts(r.Header.Get("Accept-Encoding")) {
			h.Set("Content-Encoding", "gzip")
			// The same content in another coding is another representation.
			body, etag = d.packed, strings.TrimSuffix(d.etag, `"`)+`-gz"`
		}
	}
	h.Set("ETag", etag)
	if matches(r.Header.Get("If-None-Match"), etag) {
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the reader has gone: nobody is left to tell
	}
}

// accepts reads an Accept-Encoding header (RFC 9110, section 12.5.3) as far as it matters
// here: gzip is named, or everything is, and not with weight zero.
func accepts(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		coding, params, _ := strings.Cut(part, ";")
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "gzip", "x-gzip", "*":
			weight, found := strings.CutPrefix(strings.TrimSpace(params), "q=")
			if !found {
				return true
			}
			q, err := strconv.ParseFloat(strings.TrimSpace(weight), 64)
			return err == nil && q > 0
		}
	}
	return false
}

// matches says whether an If-None-Match header names etag (RFC 9110, section
// 13.1.2; weak comparison).
func matches(header, etag string) bool {
	for part := range strings.SplitSeq(header, ",") {
		part = strings.TrimPrefix(strings.TrimSpace(part), "W/")
		if part == etag || part == "*" {
			return true
		}
	}
	return false
}
