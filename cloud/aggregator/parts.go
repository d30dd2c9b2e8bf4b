package aggregator

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/lamppost-city/lamppost/cloud/api"
	"github.com/lamppost-city/lamppost/cloud/area"
	"github.com/lamppost-city/lamppost/cloud/audit"
	"github.com/lamppost-city/lamppost/cloud/auth"
	"github.com/lamppost-city/lamppost/cloud/auth/web"
	"github.com/lamppost-city/lamppost/cloud/broker"
	"github.com/lamppost-city/lamppost/cloud/cases"
	"github.com/lamppost-city/lamppost/cloud/cases/docket"
	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/cloud/commands"
	"github.com/lamppost-city/lamppost/cloud/console"
	"github.com/lamppost-city/lamppost/cloud/database"
	"github.com/lamppost-city/lamppost/cloud/fleet"
	"github.com/lamppost-city/lamppost/cloud/handover"
	"github.com/lamppost-city/lamppost/cloud/images"
	"github.com/lamppost-city/lamppost/cloud/ingest"
	"github.com/lamppost-city/lamppost/cloud/live"
	"github.com/lamppost-city/lamppost/cloud/notify"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/drivers/obs"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// parts is everything that runs, in the order in which it is opened.
type parts struct {
	o       Options
	started time.Time
	closers []func() error

	metrics  *prometheus.Registry
	catalog  *obs.Catalog
	live     *live.Hub
	db       *database.DB
	claim    *database.Claim
	feed     *database.Feed  // nil: this aggregator is alone
	fed      map[string]bool // live events that come by the feed
	store    *lateStore
	fleet    *fleet.Registry
	places   *area.Atlas
	cases    *cases.Book
	docket   *docket.Docket // nil: there are no accounts, and so no cases
	policy   lifecycle.Policy
	figuring chan struct{} // who works out figures of performance now
	images   *images.Album
	commands *commands.Desk
	notify   *notify.Office // nil: nobody is told
	broker   *broker.Broker // nil: an external one
	ingest   *ingest.Ingest
	audit    *audit.Log  // nil: there are no accounts
	book     *auth.Book  // likewise
	door     *web.Server // nil: there are no accounts
	handler  http.Handler
	listener net.Listener
}

// databaseFile is the name of the database in the data directory.
const databaseFile = "lamppost.db"

// open opens the parts. What is open when it fails is closed by close.
func open(ctx context.Context, o Options) (*parts, error) {
	p := &parts{o: o, started: time.Now(), metrics: prometheus.NewRegistry(), live: live.New(live.Options{})}
	p.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, step := range []func(context.Context) error{
		p.openAddresses, p.secure, p.openData, p.openStore, p.openJobs, p.openCommands, p.openNotify, p.openBroker, p.openIngest, p.openAccounts, p.openAPI,
	} {
		if err := step(ctx); err != nil {
			return p, err
		}
	}
	p.register()
	return p, nil
}

// close closes what is open, the last first.
func (p *parts) close() error {
	var errs []error
	for _, c := range slices.Backward(p.closers) {
		errs = append(errs, c())
	}
	p.closers = nil
	return errors.Join(errs...)
}

func (p *parts) onClose(f func() error) { p.closers = append(p.closers, f) }

// openAddresses takes the console's address before anything is written: the most
// frequent mistake is a second start.
func (p *parts) openAddresses(ctx context.Context) error {
	if err := p.judge(); err != nil {
		return err
	}
	l, err := listen(ctx, p.o.Settings.Listen, p.o.PortFallback)
	if err != nil {
		return fmt.Errorf("console: %w", err)
	}
	p.listener = l
	p.onClose(func() error {
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
	return nil
}

func (p *parts) openData(ctx context.Context) (err error) {
	dir := p.o.Settings.Data
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return storage(err)
	}
	unlock, err := lock(filepath.Join(dir, "lock"))
	if err != nil {
		return err
	}
	p.onClose(unlock)
	return p.openDatabase(ctx, append(accountTables(),
		database.Schema{Name: "fleet", Steps: fleet.Schema()}, database.Schema{Name: "cases", Steps: cases.Schema()},
		database.Schema{Name: "images", Steps: images.Schema()}, database.Schema{Name: "ingest", Steps: ingest.Schema()},
		database.Schema{Name: "commands", Steps: commands.Schema()}, database.Schema{Name: "area", Steps: area.Schema()},
		database.Schema{Name: "notify", Steps: notify.Schema()}, database.Schema{Name: "docket", Steps: docket.Schema()},
		database.Schema{Name: "handover", Steps: handover.Schema()}, keyTables())...)
}

// storage marks an error as one of storage, unless it is one of permission, which
// has another remedy.
func storage(err error) error {
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, ErrInUse) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrStorage, err)
}

func (p *parts) openJobs(ctx context.Context) (err error) {
	if p.catalog, err = obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics()); err != nil {
		return err
	}
	if p.fleet, err = fleet.Open(ctx, fleet.Options{DB: p.db, Catalog: p.catalog, Publish: p.publish, Shared: p.feed != nil}); err != nil {
		return storage(err)
	}
	if err := p.openPlaces(ctx); err != nil {
		return err
	}
	if err := p.openDocket(ctx); err != nil {
		return storage(err)
	}
	if p.cases, err = cases.Open(ctx, cases.Options{DB: p.db, Catalog: p.catalog, Site: p.site, Advice: adviceOf(p.o.Settings.Advice).For, Switched: p.fleet.Switched, Follow: p.follow(), Seen: p.silence, Record: p.noteDeed, Notify: p.noticeAlerts, Publish: p.publish}); err != nil {
		return storage(err)
	}
	dir := filepath.Join(p.o.Settings.Data, "images")
	if p.images, err = images.Open(ctx, images.Options{DB: p.db, Dir: dir, InDB: p.feed != nil, Publish: p.publish}); err != nil {
		return storage(err)
	}
	return nil
}

// publish sends a change to the consoles, unless the feed does.
func (p *parts) publish(event string, doc any) {
	if !p.fed[event] {
		p.show(event, doc)
	}
}

// show sends something to the consoles.
func (p *parts) show(event string, doc any) {
	if g, ok := doc.(view.Gateway); ok && p.places != nil {
		placedFleet{p.fleet, p.places}.put(&g)
		doc = g
	}
	if p.notify != nil && (event == "alert" || event == "case") {
		p.notify.Wake()
	}
	if err := p.live.Publish(event, doc); err != nil {
		p.o.Log.Error("a change cannot be shown", "event", event, "error", err)
	}
}

func (p *parts) openBroker(ctx context.Context) error {
	m := p.o.Settings.MQTT
	if m.Broker != "" {
		return nil
	}
	l, err := listen(ctx, m.Embedded.Listen, p.o.PortFallback)
	if err == nil {
		p.broker, err = broker.Start(broker.Options{Listener: l, Prefix: p.o.Settings.Prefix, Metrics: p.metrics, Log: p.o.Log})
	}
	if err != nil {
		return fmt.Errorf("mqtt: %w", err)
	}
	p.onClose(p.broker.Close)
	return nil
}

func (p *parts) openIngest(context.Context) (err error) {
	s := p.o.Settings
	o := ingest.Options{
		Broker: p.info().MQTT.Address, Username: s.MQTT.Username, Password: s.MQTT.Password, Prefix: s.Prefix, Share: s.MQTT.Share,
		Store: p.store, Fleet: p.fleet, Ledger: p.fleet, Alerts: p.cases, Images: p.images, Commands: p.commands, DB: p.db,
		Metrics: p.metrics, Log: p.o.Log.With("part", "ingest"),
	}
	if p.broker != nil {
		o.Username, o.Password = p.broker.Credentials()
	}
	p.ingest, err = ingest.New(o)
	return err
}

func (p *parts) openAPI(context.Context) error {
	var metrics []view.Metric
	for _, m := range p.catalog.All() {
		metrics = append(metrics, view.Metric{
			Name: m.Name, Unit: m.Unit, UnitText: m.Text, Min: m.Min, Max: m.Max, Decimals: m.Decimals,
			Label: view.Text{Zh: m.Label.ZH, En: m.Label.EN}, HJ212: m.HJ212,
		})
	}
	o := api.Options{
		Info: p.info, Fleet: placedFleet{p.fleet, p.places}, Areas: p.places, Departments: p.places, Rosters: p.places, Alerts: p.cases, Images: p.images, Commands: p.commands, Points: p.store, Metrics: metrics,
		Live: p.live.Serve, Console: console.Handler(p.o.Settings.Map.Host()), Gather: p.metrics, Log: p.o.Log.With("part", "api"), AnyHost: p.o.Settings.Insecure || p.o.Settings.Protected(),
		Checks: []api.Check{
			{Name: "database", Do: p.db.Check}, {Name: "store", Do: p.store.check}, {Name: "writes", Do: p.ingest.CheckStore}, {Name: "mqtt", Do: p.ingest.CheckLink},
		},
	}
	if p.door != nil {
		o.Door, o.Cases, o.Refused = p.door, caseDesk{p}, p.noteRefusal
		o.Handovers = handoverDesk{caseDesk{p}, handover.New(handover.Options{DB: p.db, Record: p.noteDeed})}
	}
	if p.feed != nil {
		o.Checks = append(o.Checks, api.Check{Name: "aggregators", Do: p.feed.Check})
	}
	if p.notify != nil {
		o.Notifications = p.notify
	}
	p.handler = p.front(api.New(o))
	return nil
}

// info says what this aggregator is.
func (p *parts) info() view.Info {
	s := p.o.Settings
	i := view.Info{
		Version: p.o.Version, Store: view.StoreInfo{ID: p.store.ID(), Kind: "embedded"},
		MQTT:    view.MQTTInfo{Address: s.MQTT.Broker, Prefix: s.Prefix},
		Started: p.started.UnixMilli(), Now: time.Now().UnixMilli(), Insecure: s.Insecure && s.Accounts == nil, Accounts: s.Accounts != nil,
		CommandKey: p.commands.PublicKey(), Map: view.MapInfo(s.Map),
	}
	if s.Store.Influx != nil {
		i.Store.Kind = "influx"
	}
	if s.Notify != nil {
		i.TimeZone = s.Notify.Place.String()
	}
	if p.broker != nil {
		i.MQTT.Address = "mqtt://" + p.broker.Address()
	}
	return i
}
