package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// ErrAbsent says that no gateway listens.
var ErrAbsent = errors.New("no gateway is running here")

// Path returns the socket of the gateway whose journal is in dir.
func Path(dir string) string { return filepath.Join(dir, "control.sock") }

// Handler answers one kind of question. Its result is encoded as JSON; its error
// is told to the asker in words.
type Handler func(ctx context.Context, with json.RawMessage) (result any, err error)

const (
	version     = 1
	maxQuestion = 64 << 10
	maxAnswer   = 1 << 20
	maxAskers   = 4
	askTime     = 10 * time.Second
	maxPath     = 107 // bytes of a socket's path, see unix(7)
)

type question struct {
	V    int             `json:"v"`
	Do   string          `json:"do"`
	With json.RawMessage `json:"with,omitempty"`
}

type answer struct {
	V      int             `json:"v"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  string          `json:"error,omitempty"`
}

// Serve answers questions at path until ctx ends, then it returns nil. A socket
// that a dead gateway left is replaced: the caller has the journal's lock, so
// there is no living one. ready is called once it listens; it may be nil.
func Serve(ctx context.Context, path string, handlers map[string]Handler, ready func()) error {
	l, err := listen(path)
	if err != nil {
		return fmt.Errorf("control: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	if ready != nil {
		ready()
	}
	var asking sync.WaitGroup
	defer asking.Wait()
	places := make(chan struct{}, maxAskers)
	for {
		c, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return fmt.Errorf("control: %w", errors.Join(err, l.Close()))
		}
		places <- struct{}{}
		asking.Go(func() {
			defer func() { _ = c.Close(); <-places }()
			end := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Now()) })
			defer end()
			_ = c.SetDeadline(time.Now().Add(askTime))
			_ = serve(context.WithValue(ctx, askerKey{}, peer(c)), c, handlers) // the asker has gone
		})
	}
}

// listen makes the socket. Between listen and chmod the umask and the journal's
// directory, which is the gateway's own, keep others out.
func listen(path string) (net.Listener, error) {
	if len(path) > maxPath {
		return nil, fmt.Errorf("the path %s is too long for a socket; name a shorter one under journal.dir", path)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// serve takes one question and answers it.
func serve(ctx context.Context, c io.ReadWriter, handlers map[string]Handler) error {
	line, err := bufio.NewReader(io.LimitReader(c, maxQuestion)).ReadBytes('\n')
	if err != nil && (!errors.Is(err, io.EOF) || len(line) == 0) {
		return err
	}
	return json.NewEncoder(c).Encode(reply(ctx, line, handlers))
}

func reply(ctx context.Context, line []byte, handlers map[string]Handler) answer {
	var q question
	if err := json.Unmarshal(line, &q); err != nil {
		return answer{V: version, Error: "this is not a question: " + err.Error()}
	}
	h, ok := handlers[q.Do]
	if q.V != version || !ok {
		return answer{V: version, Error: fmt.Sprintf("this gateway does not know %q of version %d; use the lamppost that is running", q.Do, q.V)}
	}
	result, err := h(ctx, q.With)
	if err != nil {
		return answer{V: version, Error: err.Error()}
	}
	b, err := json.Marshal(result)
	if err != nil {
		return answer{V: version, Error: err.Error()}
	}
	return answer{V: version, Result: b}
}

// Ask puts a question to the gateway that listens at path and decodes its answer
// into result. Errors: ErrAbsent, a permission that is missing (fs.ErrPermission),
// what the gateway said, ctx's.
func Ask(ctx context.Context, path, do string, with, result any) error {
	var d net.Dialer
	c, err := d.DialContext(ctx, "unix", path)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%s: %w", path, ErrAbsent)
	case err != nil:
		return fmt.Errorf("control: %w", err)
	}
	defer func() { _ = c.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Now()) })
	defer stop()
	body, err := json.Marshal(with)
	if err != nil {
		return fmt.Errorf("control: %w", err)
	}
	if err := json.NewEncoder(c).Encode(question{version, do, body}); err != nil {
		return fmt.Errorf("control: %w", err)
	}
	var a answer
	if err := json.NewDecoder(io.LimitReader(c, maxAnswer)).Decode(&a); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("control: the gateway gave no answer: %w", err)
	}
	if a.Error != "" {
		return errors.New(a.Error)
	}
	return json.Unmarshal(a.Result, result)
}
