package live

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// ServeHTTP streams events until the reader goes or the hub closes.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.Serve(w, r, nil) }

// Serve is ServeHTTP with what the reader gets of each event; nil: all of it.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, cut func(event string, doc any) any) {
	r0, ok := h.join(r.Header.Get("Last-Event-ID"))
	if !ok {
		w.Header().Set("Retry-After", "10")
		http.Error(w, "too many live readers, or the aggregator is stopping", http.StatusServiceUnavailable)
		return
	}
	defer h.leave()
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would hold events back
	s := stream{w: w, ctl: http.NewResponseController(w), patience: h.o.Patience}
	// The server's limit for reading a request would otherwise end the stream.
	_ = s.ctl.SetReadDeadline(time.Time{})
	hello := fmt.Appendf(nil, `{"now":%d}`, time.Now().UnixMilli())
	if err := s.write(frame(r0.id, "hello", hello)); err != nil {
		return
	}
	r0.cut = cut
	h.pump(r, &s, r0)
}

// reader is one open stream's place.
type reader struct {
	next   uint64 // number of the next event to send
	id     string // of the event before it
	resync bool
	cut    Cut // nil: it gets everything
}

func (h *Hub) join(lastID string) (reader, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || h.readers >= h.o.Readers {
		h.stats.Turned++
		return reader{}, false
	}
	h.readers++
	r := reader{next: h.next()}
	if lastID != "" {
		n, ok := h.after(lastID)
		if ok {
			r.next = n
		}
		r.resync = !ok
	}
	r.id = h.id(r.next - 1)
	return r, true
}

func (h *Hub) leave() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.readers--
	h.left = time.Now()
}

// take returns what r has not had yet, or the channel that tells of more.
func (h *Hub) take(r *reader) (next []entry, more <-chan struct{}, open bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, nil, false
	}
	if r.next < h.first {
		r.resync = true
	}
	if r.resync {
		r.resync, r.next = false, h.next()
		h.stats.Resyncs++
		return []entry{{frame: frame(h.id(r.next-1), resync, []byte("{}")), event: resync}}, nil, true
	}
	if r.next == h.next() {
		return nil, h.wake, true
	}
	// The frames are never changed, the slots of the ring are: hence the copy.
	next = append(next, h.ring[r.next-h.first:]...)
	r.next = h.next()
	return next, nil, true
}

// resync is the event that lets a reader load its documents anew.
const resync = "resync"

// frames are what a reader gets of events, ready for the wire and with their own ids.
func (r *reader) frames(events []entry) (out [][]byte, err error) {
	for _, e := range events {
		if r.cut == nil || e.event == resync {
			out = append(out, e.frame)
			continue
		}
		less := r.cut(e.event, e.doc)
		if less == nil {
			continue
		}
		data, err := json.Marshal(less)
		if err != nil {
			return nil, fmt.Errorf("live: event %s: %w", e.event, err)
		}
		id, _, _ := bytes.Cut(bytes.TrimPrefix(e.frame, []byte("id: ")), []byte("\n"))
		out = append(out, frame(string(id), e.event, data))
	}
	return out, nil
}

func (h *Hub) pump(req *http.Request, s *stream, r reader) {
	beat := time.NewTicker(h.o.Heartbeat)
	defer beat.Stop()
	for {
		events, more, open := h.take(&r)
		if !open {
			return
		}
		if more == nil {
			frames, err := r.frames(events)
			if err != nil || len(frames) > 0 && s.write(frames...) != nil {
				return
			}
			continue
		}
		select {
		case <-req.Context().Done():
			return
		case <-more:
		case <-beat.C:
			if s.write([]byte(": alive\n\n")) != nil {
				return
			}
		}
	}
}

// stream is one reader's connection.
type stream struct {
	w        http.ResponseWriter
	ctl      *http.ResponseController
	patience time.Duration
}

// write sends the frames and flushes once. A reader that does not take them within
// the patience is given up: its socket is gone or its tab asleep.
func (s *stream) write(frames ...[]byte) error {
	err := s.ctl.SetWriteDeadline(time.Now().Add(s.patience))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	for _, f := range frames {
		if _, err := s.w.Write(f); err != nil {
			return err
		}
	}
	if err := s.ctl.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}
