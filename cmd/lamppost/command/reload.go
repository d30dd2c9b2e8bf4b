package command

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"reflect"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/lamppost-city/lamppost/cmd/chinese"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/edge/calibrate"
	"github.com/lamppost-city/lamppost/edge/config"
)

// book is the configuration file of a gateway that runs: it is read again on SIGHUP, and
// written when somebody draws on the gateway's page. One goroutine does both, so that
// neither sees the other half done.
type book struct {
	builtin func() (*builtin, error) // read anew for each reading: it is needed some times a year, and takes 1 MB
	path    string
	log     *slog.Logger
	refused refusal
	orders  chan order
	out     chan *config.Config
	hup     <-chan os.Signal // nil: nobody signals
	running *config.Config   // of the goroutine alone
}

var _ calibrate.Book = (*book)(nil)

// order is a drawing to save, and where the outcome is awaited.
type order struct {
	camera string
	calibrate.Order
	done chan calibrate.Outcome // with room for one
}

func newBook(b func() (*builtin, error), path string, running *config.Config, log *slog.Logger) *book {
	return &book{builtin: b, path: path, running: running, log: log, orders: make(chan order), out: make(chan *config.Config)}
}

// hangUps keeps a SIGHUP from now on until somebody reads it, so that one that comes while
// the gateway starts ends nothing: the file is read again when it runs. Whoever calls ends
// that with stop.
func hangUps() (hup <-chan os.Signal, stop func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGHUP)
	return c, func() { signal.Stop(c) }
}

// serve delivers configurations until ctx ends: on SIGHUP, if the file is good, and when a
// drawing was saved.
func (k *book) serve(ctx context.Context) {
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-k.hup:
				k.read(ctx)
			case o := <-k.orders:
				out, cfg := k.save(o)
				o.done <- out
				k.deliver(ctx, cfg)
			}
		}
	}()
}

// read takes the file over if it is good.
func (k *book) read(ctx context.Context) {
	var said bytes.Buffer
	b, err := k.builtin()
	var cfg *config.Config
	if err == nil {
		cfg, err = b.load(k.path, io.MultiWriter(os.Stderr, &said))
	}
	if k.refused.note(err, said.String()); err != nil {
		k.log.Error("the new configuration is refused, the old one goes on", "file", k.path, "running", k.running.Hash)
		return
	}
	k.deliver(ctx, cfg)
}

// deliver hands a configuration over; nil: there is none.
func (k *book) deliver(ctx context.Context, cfg *config.Config) {
	if cfg == nil {
		return
	}
	warnFixed(k.log, k.running, cfg)
	select {
	case k.out <- cfg:
		k.running = cfg
	case <-ctx.Done():
	}
}

// Sheet implements calibrate.Book.
func (k *book) Sheet(_ context.Context, camera string) (calibrate.Sheet, error) {
	src, err := readText(k.path)
	if err != nil {
		return calibrate.Sheet{}, err
	}
	doc, err := yamldoc.Parse(k.path, src)
	if err != nil {
		return calibrate.Sheet{}, err
	}
	return calibrate.Sheet{Drawing: calibrate.DrawingOf(doc.Node("devices", camera)), Was: stamp(src)}, nil
}

// stamp stands for the text of a file.
func stamp(src []byte) string {
	sum := sha256.Sum256(src)
	return hex.EncodeToString(sum[:])
}

// Save implements calibrate.Book.
func (k *book) Save(ctx context.Context, camera string, what calibrate.Order) (calibrate.Outcome, error) {
	o := order{camera, what, make(chan calibrate.Outcome, 1)}
	select {
	case k.orders <- o:
	case <-ctx.Done():
		return calibrate.Outcome{}, ctx.Err()
	}
	select {
	case out := <-o.done:
		return out, nil
	case <-ctx.Done():
		return calibrate.Outcome{}, ctx.Err()
	}
}

// pasteIndent is how far the keys of a device stand from the margin in most files.
const pasteIndent = 4

// save carries an order out as far as it can. The configuration is the new one, nil if
// there is none.
func (k *book) save(o order) (calibrate.Outcome, *config.Config) {
	out := calibrate.Outcome{Paste: o.Drawing.YAML(pasteIndent, calibrate.Drawing{})}
	say := func(err error) string {
		if o.Lang == "zh" {
			return chinese.Or(err.Error())
		}
		return err.Error()
	}
	was, err := readText(k.path)
	if err != nil {
		out.Why = say(err)
		return out, nil
	}
	if doc, err := yamldoc.Parse(k.path, was); err == nil {
		out.Paste = o.Drawing.YAML(pasteIndent, calibrate.DrawingOf(doc.Node("devices", o.camera)))
	}
	if out.Changed = stamp(was) != o.Was; out.Changed {
		return out, nil
	}
	now, err := calibrate.Redraw(k.path, was, o.camera, o.Drawing)
	if err != nil {
		out.Why = say(err)
		return out, nil
	}
	b, err := k.builtin()
	if err != nil {
		out.Why = say(err)
		return out, nil
	}
	var wrong strings.Builder
	cfg, err := b.assess(k.path, now, o.Lang, &wrong)
	if err != nil {
		if out.Wrong = wrong.String(); out.Wrong == "" {
			out.Why = say(err)
		}
		return out, nil
	}
	if out.Config = cfg.Hash; bytes.Equal(was, now) {
		out.Saved = true
		return out, nil
	}
	out.Backup, err = rewrite(k.path, was, now)
	if out.Changed = errors.Is(err, errChanged); out.Changed {
		return out, nil
	}
	if err != nil && out.Backup == "" {
		out.Why = say(fmt.Errorf("the configuration cannot be written from here: %w", err))
		return out, nil
	}
	out.Saved = true // a folder that cannot be synced loses at most the new file, never both
	k.refused.note(nil, "")
	return out, cfg
}

// refusal remembers why the file on the disk was refused; the page tells it until a
// good one is taken over.
type refusal struct{ text atomic.Pointer[string] }

func (r *refusal) why() string {
	if t := r.text.Load(); t != nil {
		return *t
	}
	return ""
}

// note takes the outcome of a reading: the first of the problems that were shown, or
// the error itself.
func (r *refusal) note(err error, shown string) {
	if err == nil {
		r.text.Store(nil)
		return
	}
	first, _, _ := strings.Cut(strings.TrimSpace(shown), "\n")
	if first == "" {
		first = err.Error()
	}
	r.text.Store(&first)
}

// warnFixed names what a reload does not take over.
func warnFixed(log *slog.Logger, old, cfg *config.Config) {
	fixed := map[string]bool{
		"gateway.id":    old.Gateway.ID != cfg.Gateway.ID,
		"journal":       old.Journal != cfg.Journal,
		"status.listen": old.Status != cfg.Status,
		"uplink":        !reflect.DeepEqual(old.Uplink, cfg.Uplink),
	}
	for key, changed := range fixed {
		if changed {
			log.Warn("this takes effect at the next restart", "key", key)
		}
	}
}
