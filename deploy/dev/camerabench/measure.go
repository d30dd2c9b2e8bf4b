//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/lamppost-city/lamppost/edge/status"
)

// taken is what one run gave.
type taken struct {
	late lateness
	bare lateness      // of a timer at the same time
	back time.Duration // 0: the camera was not broken
}

// measure runs a gateway with all meters and a camera that is well, broken and well again.
func measure(ctx context.Context, p plan, f fault, apart bool, pictures [][]byte) (t taken, err error) {
	dir, err := os.MkdirTemp("", "camerabench")
	if err != nil {
		return t, err
	}
	defer os.RemoveAll(dir)
	var all [meters]*meter
	for i := range all {
		if all[i], err = newMeter(); err != nil {
			return t, err
		}
		defer all[i].close()
	}
	c := &camera{fault: f, pictures: pictures}
	if err := c.open(); err != nil {
		return t, err
	}
	defer func() { c.close() }()
	page, err := freePort()
	if err != nil {
		return t, err
	}
	cfg := filepath.Join(dir, "gateway.yaml")
	if err := os.WriteFile(cfg, configure(dir, page, all, c, apart), 0o600); err != nil {
		return t, err
	}
	stop, err := start(ctx, p.gateway, cfg)
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	if err := wait(ctx, 4*time.Second); err != nil { // starting is not measured
		return t, err
	}
	settled := time.Now()
	broken, err := t.course(ctx, p, c, page)
	if err != nil {
		return t, err
	}
	until := time.Now()
	for _, m := range all {
		t.late.of(m.times(settled), broken, until)
	}
	return t, nil
}

// course lets the camera be well, broken and well, and returns when it broke.
func (t *taken) course(ctx context.Context, p plan, c *camera, page string) (broken time.Time, err error) {
	if c.path != "" && c.answer == nil && !c.film || c.film && c.path == "/h264" {
		if _, err := whenBack(ctx, page); err != nil {
			return broken, fmt.Errorf("the camera that is well: %w", err)
		}
	}
	if err := wait(ctx, p.well); err != nil {
		return broken, err
	}
	broken = time.Now()
	during, over := context.WithCancel(ctx)
	bare := make(chan lateness)
	go func() { bare <- timer(during) }()
	defer func() { over(); t.bare = <-bare }()
	lasts := p.broken
	if c.gone {
		lasts = p.gone
	}
	if err := c.spoil(true); err != nil {
		return broken, err
	}
	if err := wait(ctx, lasts); err != nil {
		return broken, err
	}
	if err := c.spoil(false); err != nil {
		return broken, err
	}
	if c.answer != nil || c.gone {
		if t.back, err = whenBack(ctx, page); err != nil {
			return broken, err
		}
	}
	return broken, wait(ctx, p.well)
}

// wait waits, unless ctx ends.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// whenBack is how long it takes until the gateway's page shows a picture that was asked for
// from now on.
func whenBack(ctx context.Context, page string) (time.Duration, error) {
	from := time.Now()
	for time.Since(from) < 2*time.Minute {
		if err := wait(ctx, 100*time.Millisecond); err != nil {
			return 0, err
		}
		s, err := look(ctx, page)
		if err != nil {
			continue // it starts
		}
		for _, v := range s.Values {
			if v.Device == "eye" && v.AgeMS >= 0 && time.Duration(v.AgeMS)*time.Millisecond < time.Since(from) && !v.Stale {
				return time.Since(from), nil
			}
		}
	}
	return 0, errors.New("the camera does not come back in two minutes")
}

func look(ctx context.Context, page string) (s status.Snapshot, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+page+"/status.json", nil)
	if err != nil {
		return s, err
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return s, err
	}
	defer res.Body.Close()
	return s, json.NewDecoder(res.Body).Decode(&s)
}

func freePort() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer ln.Close()
	return ln.Addr().String(), nil
}

// configure is the gateway's configuration: each meter on a line of its own.
func configure(dir, page string, all [meters]*meter, c *camera, apart bool) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "gateway: {id: bench, language: en}\njournal: {dir: %q, size: 64MB, commit: 1s}\nstatus: {listen: %q}\nbuses:\n", filepath.Join(dir, "journal"), page)
	for i, m := range all {
		fmt.Fprintf(&b, "  line-%d: {tcp: %q}\n", i, m.ln.Addr())
	}
	fmt.Fprintln(&b, "devices:")
	for i := range all {
		fmt.Fprintf(&b, "  meter-%d: {profile: xy-md02, bus: line-%d, address: 1, every: %s}\n", i, i, every)
	}
	if c.path != "" {
		fmt.Fprintf(&b, "  eye: {driver: camera, url: %q, every: 1s, apart: %v}\n", c.scheme+"://"+c.addr+c.path, apart)
	}
	return b.Bytes()
}

// start runs the gateway; stop ends it.
func start(ctx context.Context, program, cfg string) (stop func() error, err error) {
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, program, "run", "--config", cfg)
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return func() error {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil && ctx.Err() == nil {
			return fmt.Errorf("%s: %w: %s", program, err, said.Bytes())
		}
		return nil
	}, nil
}
