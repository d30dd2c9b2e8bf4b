// Package status serves the gateway's own page: what a field engineer sees on a
// phone, on the ladder, with no cloud and no login. One page below 50 KB without
// any other file, the same facts as JSON under /status.json, and Prometheus
// metrics under /metrics. It only reads; nothing on it changes the gateway. What else
// stands on the same address below /camera/ is not open (see package calibrate).
package status

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Snapshot is everything the page shows, at one moment. Fields are only ever
// added.
type Snapshot struct {
	Gateway string       `json:"gateway"`
	Name    string       `json:"name,omitempty"`
	State   wire.State   `json:"state"`
	Values  []Value      `json:"values"`
	Alerts  []wire.Alert `json:"alerts"`
	Outputs []Output     `json:"outputs"`
	Uplink  Uplink       `json:"uplink"`
	Lines   []Line       `json:"lines"`
	Journal Journal      `json:"journal"`
	Gaps    []Gap        `json:"gaps"` // the newest first, a few
	Clock   Clock        `json:"clock"`
	// CameraPage: each camera has a page below /camera/.
	CameraPage bool `json:"camera_page,omitempty"`
	// ClockWaits names the devices that tell nothing since nobody knows the time.
	ClockWaits []string `json:"clock_waits,omitempty"`
}

// Clock is what the gateway's time is worth.
type Clock struct {
	State   string `json:"state"`            // synced, held, unsynced
	ErrorMS int64  `json:"err_ms"`           // half width of what the time may be; 0 while unsynced
	Source  string `json:"source,omitempty"` // kernel, uplink: who said it last
	ForMS   int64  `json:"for_ms"`           // since a source was heard, or since boot while unsynced
	Undated uint64 `json:"undated"`          // records that wait until their time is known
	Floor   int64  `json:"floor"`            // Unix ms that have surely passed
	// Disputed: the two sources named contradict each other.
	Disputed []string `json:"disputed,omitempty"`
}

// Value is the newest reading of one stream.
type Value struct {
	Device   string            `json:"device"`
	Channel  string            `json:"channel"`
	Label    map[string]string `json:"label"`
	Unit     string            `json:"unit"` // as people write it
	Decimals int               `json:"decimals"`
	V        *float64          `json:"v"`  // null: there is none
	QC       int               `json:"qc"` // QARTOD
	Why      string            `json:"why,omitempty"`
	AgeMS    int64             `json:"age_ms"` // negative: nothing yet
	Stale    bool              `json:"stale"`  // older than three intervals and than half a minute: V is not what is now
	EveryMS  int64             `json:"every_ms"`
	LearnsMS int64             `json:"learns_ms,omitempty"` // why there is none: for about how long yet it is learned, if it is
	Hinder   string            `json:"hinder,omitempty"`    // or what stands in the way, a word of drivers.Learning.Why
}

// Uplink is the way to the cloud as it stands.
type Uplink struct {
	Broker    string `json:"broker,omitempty"` // without credentials; empty: no uplink configured
	Connected bool   `json:"connected"`
	Healthy   bool   `json:"healthy"`  // something was acknowledged lately
	AckedMS   int64  `json:"acked_ms"` // since the last acknowledgement; negative: none yet
	Waiting   uint64 `json:"waiting"`  // records no store has acknowledged
	Error     string `json:"error,omitempty"`
	BytesUp   uint64 `json:"bytes_up"` // since the start

	Brokers         []string  `json:"brokers,omitempty"`       // as configured, the preferred one first
	WhyNotFirst     string    `json:"why_not_first,omitempty"` // why the preferred one is not in use
	CertificateEnds time.Time `json:"certificate_ends,omitzero"`
	Budget          *Budget   `json:"budget,omitempty"` // none: the link is not metered
}

// Budget is how the bytes of a metered link stand.
type Budget struct {
	PerDay int64 `json:"per_day"` // bytes
	Used   int64 `json:"used"`    // of this day
	LeftMS int64 `json:"left_ms"` // of this day
	// Level says what is held back until there are bytes again: 0 nothing, 1 pictures
	// without an alert, 2 history as well, 3 live readings wait for company, 4 go only
	// now and then, 5 not at all.
	Level int `json:"level"`
}

// Journal is how the gateway keeps what it takes; State.Journal has the figures.
type Journal struct {
	Dir       string `json:"dir"`
	Trouble   string `json:"trouble,omitempty"` // why it cannot be written: full, read-only, io
	Memory    uint64 `json:"memory,omitempty"`  // records that are in memory only while that is so
	CommitMS  int64  `json:"commit_ms"`         // a power cut costs what is younger
	Volatile  bool   `json:"volatile"`          // it lies in memory: a power cut costs all of it
	CommitWhy string `json:"commit_why,omitempty"`
	Spare     int64  `json:"spare"`  // bytes that lie ready for alerts
	Broken    int    `json:"broken"` // files with damage inside
	Wear      Wear   `json:"wear"`
}

// Wear is what the disk of the journal has to bear.
type Wear struct {
	Disk          map[string]string `json:"disk"`    // what it is, by language
	PerDay        uint64            `json:"per_day"` // bytes, of all programs; 0: not known yet
	JournalPerDay uint64            `json:"journal_per_day"`
	SyncsPerDay   uint64            `json:"syncs_per_day"`
	OverMS        int64             `json:"over_ms"`   // running time that was watched
	Years         float64           `json:"years"`     // that it lasts at this rate, at most 100; negative: not known
	Endurance     int64             `json:"endurance"` // bytes it may be written in its life; 0: not known
	Assumed       bool              `json:"assumed"`   // Endurance is an assumption
	Used          int               `json:"used"`      // what an eMMC says: 1 to 10 tenths begun, 11 over; 0: nothing
	Spare         int               `json:"spare"`     // 1 normal, 2 warning, 3 urgent; 0: nothing
}

// Gap is a time from which readings are missing.
type Gap struct {
	From wire.Moment       `json:"from"`
	To   wire.Moment       `json:"to"`
	Why  string            `json:"why"`
	Text map[string]string `json:"text"` // the reason, by language
}

// Line is one serial line or Modbus host.
type Line struct {
	ID          string `json:"id"`
	Path        string `json:"path"`
	Frames      uint64 `json:"frames"`
	BadChecksum uint64 `json:"bad_checksum"`
	Timeouts    uint64 `json:"timeouts"`
	NoiseBytes  uint64 `json:"noise_bytes"`
	Alien       uint64 `json:"alien"`
	Reopened    uint64 `json:"reopened"`
	Unplugged   bool   `json:"unplugged"`

	Serial  *Serial  `json:"serial,omitempty"`  // of a serial line
	Modbus  *Modbus  `json:"modbus,omitempty"`  // of a Modbus line or host
	Program *Program `json:"program,omitempty"` // of a driver that is a program of its own
}

// Serial is what a serial line has beside its counts.
type Serial struct {
	Settings string  `json:"settings"`            // "9600 8N1"
	Busy     float64 `json:"busy"`                // share of the last minute, 0 to 1
	RS485    string  `json:"rs485,omitempty"`     // who switches: kernel, adapter, rts, rts-low, off; empty: no RS-485, or not open
	RS485Why string  `json:"rs485_why,omitempty"` // more about that
	Echo     bool    `json:"echo"`                // what was sent comes back
	Adapter  string  `json:"adapter,omitempty"`   // what is plugged in
	Swapped  string  `json:"swapped,omitempty"`   // what was plugged in before under this name, if that was another adapter
	Framing  uint32  `json:"framing"`             // errors that the UART has seen, where it counts them
	Parity   uint32  `json:"parity"`
	Overrun  uint32  `json:"overrun"`
}

// Program is the child process behind a line.
type Program struct {
	Running bool     `json:"running"`
	Memory  int64    `json:"memory"` // bytes resident, of it and what it started
	CPU     float64  `json:"cpu"`    // share of one core, average of half a minute
	Said    []string `json:"said"`   // the last lines of its standard error, oldest first
	// Ended is why it had to be started again the last time; empty: it never had.
	Ended string `json:"ended,omitempty"`
}

//go:embed page.html
var page string

// Handler answers the page. snapshot must be safe for concurrent use. cameras answers
// what stands below /camera/ and guards itself; nil: there is nothing.
func Handler(snapshot func() Snapshot, metrics prometheus.Gatherer, cameras http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", servePage)
	mux.HandleFunc("GET /status.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		s := snapshot()
		s.CameraPage = cameras != nil
		_ = json.NewEncoder(w).Encode(s) // the reader has gone; there is nobody to tell
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	// Whoever reads the metrics is as a rule on this machine, where bytes cost nothing and
	// the compressor's 0.8 MB, kept between two readings, are much.
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{DisableCompression: true}))
	if cameras != nil {
		mux.Handle("/camera/", cameras)
	}
	return localOnly(mux)
}

// servePage sends the page with a nonce, so that no script but its own can run.
func servePage(w http.ResponseWriter, _ *http.Request) {
	nonce := rand.Text()
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; connect-src 'self'; style-src 'nonce-"+nonce+"'; script-src 'nonce-"+nonce+"'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = strings.NewReplacer("{{nonce}}", nonce).WriteString(w, page)
}

// localOnly refuses requests whose Host is a foreign name: a web page somewhere
// must not read this one through a browser (DNS rebinding).
func localOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if net.ParseIP(strings.Trim(host, "[]")) == nil && host != "localhost" && !strings.HasSuffix(host, ".local") {
			http.Error(w, "this page answers to its address, to localhost and to names in .local only", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Serve listens on address and answers until ctx ends. ready is told the address
// that was really taken.
func Serve(ctx context.Context, address string, h http.Handler, ready func(net.Addr)) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("status page: %w", err)
	}
	ready(l.Addr())
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 20 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	stop := context.AfterFunc(ctx, func() {
		bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = srv.Shutdown(bye) // what is still open after a second is cut
		_ = srv.Close()
	})
	defer stop()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("status page: %w", err)
	}
	return nil
}
