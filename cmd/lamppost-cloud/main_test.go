package main

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func TestCommandLine(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	good := file("good.yaml", "data: "+filepath.Join(dir, "data")+"\n")
	bad := file("bad.yaml", "listen: 0.0.0.0:8080\nprefixx: a\n")
	taken := file("taken.yaml", "listen: "+l.Addr().String()+"\ndata: "+filepath.Join(dir, "taken")+"\n")
	for name, c := range map[string]struct {
		args     []string
		code     int
		out, err string
	}{
		"no command":           {nil, 0, "Exit codes:", ""},
		"help":                 {[]string{"serve", "--help"}, 0, "--port-fallback", ""},
		"version":              {[]string{"version"}, 0, "lamppost-cloud dev", ""},
		"an unknown command":   {[]string{"sing"}, 2, "", `"sing" is not understood`},
		"an unknown flag":      {[]string{"serve", "--loud"}, 2, "", "--help"},
		"an argument too many": {[]string{"serve", "x"}, 2, "", `"x" is not understood`},
		"a strange log":        {[]string{"serve", "--log", "xml"}, 2, "", "neither text nor json"},
		"check nothing":        {[]string{"check"}, 2, "", "name one file"},
		"check a good file":    {[]string{"check", good}, 0, "is in order", ""},
		"check a bad file":     {[]string{"check", bad}, 3, "", "bad.yaml:1:9"},
		"check no file":        {[]string{"check", filepath.Join(dir, "none.yaml")}, 3, "", "no such file"},
		"serve a bad file":     {[]string{"serve", "--config", bad}, 3, "", "E5002"},
		"no key yet":           {[]string{"key", "--config", good}, 3, "", "hint: the key is made when the aggregator first starts"},
		"rewind whom":          {[]string{"rewind", "--since", "1h"}, 2, "", "--all"},
		"rewind one and all":   {[]string{"rewind", "--all", "--gateway", "g", "--since", "1h"}, 2, "", "--all"},
		"rewind since when":    {[]string{"rewind", "--all"}, 2, "", "is not a time"},
		"rewind where":         {[]string{"rewind", "--all", "--since", "1h", "--api", "ftp://x"}, 2, "", "is not an address"},
		"nobody there":         {[]string{"rewind", "--all", "--since", "1h", "--api", "http://127.0.0.1:1"}, 4, "", "hint: is it running"},
		"commands of nobody":   {[]string{"commands"}, 2, "", "name one gateway"},
		"an address in use":    {[]string{"serve", "--config", taken}, 6, "", "hint: another program listens there"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errOut bytes.Buffer
			code := run(t.Context(), c.args, &out, &errOut)
			if code != c.code || !strings.Contains(out.String(), c.out) || !strings.Contains(errOut.String(), c.err) {
				t.Errorf("exit %d, want %d\nout: %s\nerr: %s", code, c.code, out.String(), errOut.String())
			}
		})
	}
}

// lines is an output that tells of each write.
type lines struct {
	mu  sync.Mutex
	b   bytes.Buffer
	got chan struct{}
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer func() { l.got <- struct{}{} }()
	return l.b.Write(p)
}

// A SIGHUP ends no aggregator, neither while it starts nor later: it is answered in the log.
func TestHangUpEndsNothing(t *testing.T) {
	out := &lines{got: make(chan struct{}, 10)}
	stop := ignoreHangUps(slog.New(slog.NewTextHandler(out, nil)))
	defer stop()
	for range 2 {
		if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		<-out.got
	}
	out.mu.Lock()
	defer out.mu.Unlock()
	if n := strings.Count(out.b.String(), "restart it to take over another one"); n != 2 {
		t.Errorf("two signals are answered %d times: %s", n, out.b.String())
	}
}

func TestServeSaysWhereAndStopsCleanly(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "c.yaml")
	text := "listen: 127.0.0.1:0\ndata: " + filepath.Join(dir, "data") + "\nmqtt: {embedded: {listen: \"127.0.0.1:0\"}}\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out := &lines{got: make(chan struct{}, 10)}
	var errOut bytes.Buffer
	code := make(chan int, 1)
	go func() { code <- run(ctx, []string{"serve", "--config", config, "--log", "json"}, out, &errOut) }()
	select {
	case <-out.got:
	case <-time.After(20 * time.Second):
		t.Fatal("serve says nothing")
	}
	stop()
	if c := <-code; c != 0 {
		t.Errorf("exit %d after a stop, want 0: %s", c, errOut.String())
	}
	got := strings.Split(strings.TrimSpace(out.b.String()), "\n")
	if len(got) != 2 || !strings.HasPrefix(got[0], "console http://127.0.0.1:") || !strings.HasPrefix(got[1], "mqtt mqtt://127.0.0.1:") {
		t.Errorf("serve said %q", got)
	}
	if !strings.Contains(errOut.String(), `"msg":"running"`) {
		t.Errorf("the log is not JSON: %s", errOut.String())
	}
}
