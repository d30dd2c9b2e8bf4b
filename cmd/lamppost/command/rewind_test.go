package command

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/edge/control"
	"github.com/lamppost-city/lamppost/edge/journal"
)

// acknowledged notes in a journal that a store has the records 1 to n of its first
// run.
func acknowledged(t *testing.T, dir string, n int) {
	t.Helper()
	r, err := journal.OpenReader(dir)
	must(t, err)
	first := r.Epochs()[0].Epoch
	r.Close()
	j, err := journal.Open(dir, journal.Options{})
	must(t, err)
	must(t, j.SetState("uplink", fmt.Appendf(nil, `{"v":1,"stores":["city-store-1"],"epochs":{%q:["1-%d"]}}`, first, n)))
	must(t, j.Close())
}

// A gateway that does not run is rewound in its journal; what was acknowledged
// waits again.
func TestRewindOffline(t *testing.T) {
	dir := street(t, run{boot: "3f2a9c11-04b7-4c0e-9d35-6a1f2b7c8d90", samples: 20, dated: true})
	acknowledged(t, dir, 18)
	if got := *look(t, dir, "en").Stats().Unsent; got != 3 {
		t.Fatalf("%d records wait, want 3", got)
	}
	out, errs, code := lamppost(t.Context(), "rewind", "--dir", dir, "--since", "2026-01-01", "--lang", "en")
	if code != exitOK || !strings.Contains(out, "18 records are sent again as soon as the gateway starts") {
		t.Fatalf("exit %d\n%s%s", code, out, errs)
	}
	o := look(t, dir, "en")
	if got := *o.Stats().Unsent; got != 21 || o.Stores[0] != "city-store-1" {
		t.Errorf("%d records wait for %v, want 21", got, o.Stores)
	}
	if e := o.Journal.Epochs(); !e[len(e)-1].Clean || e[len(e)-1].Opened.Boot == "" {
		t.Errorf("the rewind's own run is %+v: the next start would take its end for a power cut", e[len(e)-1])
	}
	out, _, code = lamppost(t.Context(), "rewind", "--dir", dir, "--everything", "--lang", "zh")
	if code != exitOK || !strings.Contains(out, "尚无存储确认过") {
		t.Errorf("a second time: exit %d %s", code, out)
	}
}

// A gateway that runs is asked; its journal is not touched.
func TestRewindAsksTheRunningGateway(t *testing.T) {
	dir := street(t, run{boot: "3f2a9c11-04b7-4c0e-9d35-6a1f2b7c8d90", samples: 3, dated: true})
	j, err := journal.Open(dir, journal.Options{})
	must(t, err)
	defer func() { must(t, j.Close()) }()
	if _, errs, code := lamppost(t.Context(), "rewind", "--dir", dir, "--since", "2h"); code != exitInUse || !strings.Contains(errs, "cannot be asked") {
		t.Errorf("a gateway without a socket: exit %d %s", code, errs)
	}
	ctx, stop := context.WithCancel(t.Context())
	asked, ready, done := make(chan int64, 1), make(chan struct{}), make(chan error, 1)
	answer := func(_ context.Context, with json.RawMessage) (any, error) {
		var q struct{ Since int64 }
		err := json.Unmarshal(with, &q)
		asked <- q.Since
		return map[string]int{"records": 12031}, err
	}
	go func() {
		done <- control.Serve(ctx, control.Path(dir), map[string]control.Handler{"rewind": answer}, func() { close(ready) })
	}()
	<-ready
	before := maps.Collect(statesOf(t, dir))
	out, errs, code := lamppost(t.Context(), "rewind", "--dir", dir, "--since", "2026-11-20T08:00:00+08:00", "--lang", "zh")
	if code != exitOK || !strings.Contains(out, "将重新上传 12 031 条记录") {
		t.Errorf("exit %d %s%s", code, out, errs)
	}
	if got := time.UnixMilli(<-asked).UTC().Format(time.RFC3339); got != "2026-11-20T00:00:00Z" {
		t.Errorf("asked for %s", got)
	}
	if after := maps.Collect(statesOf(t, dir)); len(before) != len(after) {
		t.Error("the journal of a running gateway was written")
	}
	stop()
	must(t, <-done)
}

func statesOf(t *testing.T, dir string) func(func(string, []byte) bool) {
	r, err := journal.OpenReader(dir)
	must(t, err)
	t.Cleanup(r.Close)
	return r.States()
}

func TestRewindMistakes(t *testing.T) {
	empty := t.TempDir()
	for args, want := range map[string]string{
		"--dir " + empty + " --since 2h":              "8 holds no journal",
		"--dir " + empty:                              "2 --everything",
		"--dir " + empty + " --since 2999-01-01":      "2 has not come yet",
		"--dir " + empty + " --since 2h --everything": "2 write only one of them",
	} {
		_, errs, code := lamppost(t.Context(), append([]string{"rewind", "--lang", "en"}, strings.Fields(args)...)...)
		if exit, text, _ := strings.Cut(want, " "); fmt.Sprint(code) != exit || !strings.Contains(errs, text) {
			t.Errorf("%s: exit %d, want %s:\n%s", args, code, want, errs)
		}
	}
}
