package machine

import (
	"bytes"
	"context"
	"strings"
	"sync"
)

// console keeps what the machine prints. It is written to by one goroutine and read
// by others.
type console struct {
	mu    sync.Mutex
	said  bytes.Buffer
	grown chan struct{} // closed and replaced whenever something was said
}

func newConsole() *console { return &console{grown: make(chan struct{})} }

func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.grown)
	c.grown = make(chan struct{})
	return c.said.Write(p)
}

func (c *console) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.said.String()
}

// tail is the end of it, for an error.
func (c *console) tail() string {
	lines := strings.Split(strings.TrimSpace(c.text()), "\n")
	return strings.Join(lines[max(0, len(lines)-40):], "\n")
}

// await waits until the text was printed.
func (c *console) await(ctx context.Context, text string, ended <-chan struct{}) error {
	for {
		c.mu.Lock()
		found, grown := bytes.Contains(c.said.Bytes(), []byte(text)), c.grown
		c.mu.Unlock()
		if found {
			return nil
		}
		select {
		case <-grown:
		case <-ended:
			return errOff
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
