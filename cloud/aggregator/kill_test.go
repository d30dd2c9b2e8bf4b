package aggregator

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/cases"
	"github.com/lamppost-city/lamppost/cloud/database"
	"github.com/lamppost-city/lamppost/cloud/notify"
	"github.com/lamppost-city/lamppost/cloud/notify/channel"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

const (
	stormBatch = 10
	stormFile  = "LAMPPOST_TEST_STORM" // in the environment of a process that takes the storm in
	stormFrom  = "LAMPPOST_TEST_STORM_FROM"
)

// listener is a channel whose messages arrive.
type listener struct{}

func (listener) Send(context.Context, channel.Message) error { return nil }

// stormParts are the alerts and the office as the aggregator joins them.
func stormParts(t *testing.T, path string) *parts {
	t.Helper()
	db, err := database.Open(t.Context(), path, database.Schema{Name: "cases", Steps: cases.Schema()}, database.Schema{Name: "notify", Steps: notify.Schema()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	p := &parts{o: Options{Log: slog.New(slog.DiscardHandler)}, db: db}
	if p.catalog, err = obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics()); err != nil {
		t.Fatal(err)
	}
	if p.cases, err = cases.Open(t.Context(), cases.Options{DB: db, Catalog: p.catalog, Notify: p.noticeAlerts}); err != nil {
		t.Fatal(err)
	}
	p.notify, err = notify.Open(t.Context(), notify.Options{DB: db, Log: p.o.Log,
		Channels: []notify.Channel{{ID: "duty", Sender: listener{}, Group: true}, {ID: "spare", Sender: listener{}, Group: true}},
		Rules:    []notify.Rule{{ID: "all", Channels: []string{"duty", "spare"}}}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// stormAlerts is how many come: more than any page of a list, in the long form (make storm)
// more than may wait to be told.
func stormAlerts() int {
	if os.Getenv("LAMPPOST_STORM") == "long" {
		return 10_500
	}
	return 1_200
}

func stormAlert(i int) wire.Alert {
	now := time.Now().UnixMilli()
	m := wire.Moment{Unix: now, Boot: "boot", BootMS: 1}
	return wire.Alert{ID: fmt.Sprintf("storm-%05d", i), Rev: 1, Device: "river", Rule: "river-high", Severity: wire.Orange, Stage: "actual", Condition: "active",
		Since: m, At: m, Text: map[string]string{"zh": "河道水位", "en": "river"}, Area: "330105003012"}
}

// takeStorm records the alerts from one on, a batch at a time, says which it has, and tells
// meanwhile, until it is killed or has all.
func takeStorm(t *testing.T, path string, from int) {
	p := stormParts(t, path)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.notify.Run(ctx) }()
	for i := from; i < stormAlerts(); i += stormBatch {
		batch := func(yield func(string, wire.Alert) bool) {
			for k := i; k < i+stormBatch && yield(fmt.Sprint("gateway-", k%40), stormAlert(k)); k++ {
			}
		}
		if refused, err := p.cases.Record(t.Context(), batch, time.Now()); err != nil || len(refused) > 0 {
			t.Fatal(refused, err)
		}
		fmt.Printf("has %d\n", i+stormBatch)
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// A storm of alerts comes while the program is killed again and again, at any moment:
// each that is stored is taken in to be told, once to each receiver, and none that is not.
func TestStormAndKillsLoseNoNotice(t *testing.T) {
	if path := os.Getenv(stormFile); path != "" {
		from, err := strconv.Atoi(os.Getenv(stormFrom))
		if err != nil {
			t.Fatal(err)
		}
		takeStorm(t, path, from)
		return
	}
	path := filepath.Join(t.TempDir(), "a.db")
	kills, has := 0, 0
	for has < stormAlerts() {
		before := has
		if has = stormProcess(t, path, has, kills < 4); has < stormAlerts() {
			kills++
		} else if before == has {
			t.Fatal("the last process did nothing")
		}
	}
	p := stormParts(t, path)
	count := func(query string) (n int) {
		if err := p.db.Read().QueryRowContext(t.Context(), query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for what, c := range map[string]struct {
		query string
		want  int
	}{
		"alerts":                     {"select count(*) from alert", stormAlerts()},
		"events":                     {"select count(*) from notice_event", stormAlerts()},
		"alerts without an event":    {"select count(*) from alert where id not in (select subject from notice_event)", 0},
		"events for the first group": {"select count(*) from notice_item where channel = 'duty'", stormAlerts()},
		"events for the other group": {"select count(*) from notice_item where channel = 'spare'", stormAlerts()},
		"items of no event":          {"select count(*) from notice_item where event not in (select id from notice_event)", 0},
	} {
		if n := count(c.query); n != c.want {
			t.Errorf("%s: %d, want %d", what, n, c.want)
		}
	}
	if kills < 3 {
		t.Errorf("killed %d times", kills)
	}
	t.Logf("%d alerts, %d kills, %d dropped in the open", stormAlerts(), kills, count("select coalesce(sum(items), 0) from notice_delivery where state = 'dropped'"))
}

// stormProcess runs takeStorm in a process, and kills it after some batches if it is to.
func stormProcess(t *testing.T, path string, from int, kill bool) (has int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestStormAndKillsLoseNoNotice$", "-test.timeout=5m")
	cmd.Env = append(os.Environ(), stormFile+"="+path, stormFrom+"="+strconv.Itoa(from))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	has = from
	after := 3 + rand.IntN(15)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if n, ok := strings.CutPrefix(lines.Text(), "has "); ok {
			if has, err = strconv.Atoi(n); err != nil {
				t.Fatal(err)
			}
			if after--; kill && after == 0 {
				if err := cmd.Process.Kill(); err != nil { // in the middle of the next batch
					t.Fatal(err)
				}
			}
		} else if strings.Contains(lines.Text(), "FAIL") || strings.Contains(lines.Text(), "_test.go") {
			t.Error(lines.Text())
		}
	}
	_, _ = io.Copy(io.Discard, out)
	if err := cmd.Wait(); err != nil && !kill {
		t.Fatal(err)
	}
	return has
}
