package calibrate

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// View is what a camera gives at one moment.
type View struct {
	Camera  string            `json:"camera"`
	Name    map[string]string `json:"name,omitempty"` // by language
	EveryMS int64             `json:"every_ms"`
	Fault   string            `json:"fault,omitempty"` // the word for the last failure, while there is one
	Detail  string            `json:"detail,omitempty"`
	Config  string            `json:"config"` // hash of the configuration that runs
	Values  []Value           `json:"values"`
	Boxes   []Box             `json:"boxes,omitempty"` // what a detector found in the newest picture
}

// Box is one thing that a detector found.
type Box struct {
	Class string     `json:"class"`
	Score float64    `json:"score"` // 0 to 1
	Box   [4]float64 `json:"box"`   // left, top, right, bottom, as shares of the picture
}

// Value is the newest reading of one of its channels.
type Value struct {
	Channel  string            `json:"channel"`
	Label    map[string]string `json:"label"`
	Unit     string            `json:"unit"` // as people write it
	Decimals int               `json:"decimals"`
	V        *float64          `json:"v"`  // nil: there is none
	QC       int               `json:"qc"` // QARTOD
	Why      string            `json:"why,omitempty"`
	AgeMS    int64             `json:"age_ms"`              // negative: nothing yet
	LearnsMS int64             `json:"learns_ms,omitempty"` // why there is none: for about how long yet it is learned, if it is
	Hinder   string            `json:"hinder,omitempty"`    // or what stands in the way, a word of drivers.Learning.Why
}

// Still is a picture.
type Still struct {
	JPEG []byte
	Age  time.Duration
}

// Site is the gateway's cameras. Its methods are safe for concurrent use.
type Site interface {
	// Camera returns what a camera gives now; ok is false where no camera is called so.
	Camera(id string) (v View, ok bool)
	// Still returns a picture of now, or one that is two seconds old at most. The error
	// says why there is none, or is ctx's.
	Still(ctx context.Context, id string) (Still, error)
	// Kept returns the newest pictures of alerts of a camera that wait on the disk, newest
	// first, MaxKept at most.
	Kept(id string) []Kept
	// Picture returns the JPEG of one of them; ok is false where there is none any more.
	Picture(id, image string) (jpeg []byte, ok bool)
}

// MaxKept is how many pictures of alerts the page shows.
const MaxKept = 30

// Kept is a picture of an alert that waits on the disk, for the link or, where there is no
// way to the cloud, for somebody who looks.
type Kept struct {
	Image  string `json:"image"`
	Alert  string `json:"alert"`
	Moment string `json:"moment,omitempty"` // before, at or after the alert
	Unix   int64  `json:"unix,omitempty"`   // when it was taken, ms; 0: not known
	Held   bool   `json:"held,omitempty"`   // it waits until the link's byte budget has room for it
}

// Sheet is what is drawn in the configuration file.
type Sheet struct {
	Drawing Drawing `json:"drawing"`
	Was     string  `json:"was"` // stands for the file as it is now
}

// Order is a drawing that somebody wants saved.
type Order struct {
	Drawing Drawing `json:"drawing"`
	Was     string  `json:"was"`  // Sheet.Was, of the sheet it was drawn on
	Lang    string  `json:"lang"` // of the answer: zh, else English
}

// Outcome is what became of an order.
type Outcome struct {
	Saved   bool   `json:"saved"`
	Config  string `json:"config,omitempty"`  // hash of the new configuration, which is being taken over
	Backup  string `json:"backup,omitempty"`  // the file as it was before
	Changed bool   `json:"changed,omitempty"` // somebody has changed the file meanwhile: nothing was done
	Wrong   string `json:"wrong,omitempty"`   // what the configuration's check says, in lines
	Why     string `json:"why,omitempty"`     // why it cannot be saved from here
	Paste   string `json:"paste"`             // the lines to paste below the device
}

// Book is the configuration file. Its methods are safe for concurrent use.
type Book interface {
	Sheet(ctx context.Context, camera string) (Sheet, error)
	Save(ctx context.Context, camera string, o Order) (Outcome, error)
}

// Guess is how a guess at the gateway's number came out.
type Guess struct {
	Key  string        // of the session; empty: not let in
	Left int           // guesses that are free yet, after a wrong one
	Wait time.Duration // until the next one is looked at
	Busy bool          // another one is being looked at
}

// Door lets in who knows the gateway's number. Its methods are safe for concurrent use.
type Door interface {
	Enter(number string) (Guess, error)
	// Inside returns the token that changes have to bring and how long the session lasts.
	Inside(key string) (token string, left time.Duration, ok bool)
	Renew(key string)
	Leave(key string)
}

const (
	cookie    = "lamppost-inside"
	maxOrder  = 64 << 10
	maxNumber = 1 << 10
	stillTime = 12 * time.Second
	saveTime  = 15 * time.Second
)

//go:embed page.html
var pageText string

type page struct {
	site Site
	book Book
	door Door
	log  *slog.Logger
}

// Handler answers below /camera/. It leaves to others to refuse requests by foreign
// names (DNS rebinding).
func Handler(site Site, book Book, door Door, log *slog.Logger) http.Handler {
	p := &page{site, book, door, log}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /camera/{id}", servePage)
	mux.HandleFunc("POST /camera/enter", own(p.enter))
	mux.HandleFunc("POST /camera/leave", own(p.leave))
	mux.HandleFunc("GET /camera/{id}/sheet", p.inside(p.sheet))
	mux.HandleFunc("GET /camera/{id}/seen", p.inside(p.seen))
	mux.HandleFunc("GET /camera/{id}/still", p.inside(p.still))
	mux.HandleFunc("GET /camera/{id}/kept", p.inside(p.kept))
	mux.HandleFunc("GET /camera/{id}/kept/{image}", p.inside(p.picture))
	mux.HandleFunc("POST /camera/{id}/drawing", own(p.inside(p.draw)))
	return mux
}

// servePage sends the page with a nonce, so that no script but its own can run.
func servePage(w http.ResponseWriter, _ *http.Request) {
	nonce := rand.Text()
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; connect-src 'self'; img-src blob:; style-src 'nonce-"+nonce+"'; script-src 'nonce-"+nonce+"'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	_, _ = strings.NewReplacer("{{nonce}}", nonce).WriteString(w, pageText) // the reader has gone
}

// own refuses a change that does not come from a page of this server.
func own(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		from, err := url.Parse(r.Header.Get("Origin"))
		kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
		site := r.Header.Get("Sec-Fetch-Site")
		if err != nil || from.Host == "" || from.Host != r.Host || site != "" && site != "same-origin" || kind != "application/json" {
			http.Error(w, "changes are taken from this gateway's own page only", http.StatusForbidden)
			return
		}
		next(w, r)
	}
}

// session is who asks.
type session struct {
	key, token string
	left       time.Duration
}

// inside refuses who has not given the number, or too long ago.
func (p *page) inside(next func(http.ResponseWriter, *http.Request, session)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, err := r.Cookie(cookie)
		if err != nil {
			http.Error(w, "the PIN is needed", http.StatusUnauthorized)
			return
		}
		token, left, ok := p.door.Inside(c.Value)
		if !ok {
			http.Error(w, "the PIN is needed again", http.StatusUnauthorized)
			return
		}
		next(w, r, session{c.Value, token, left})
	}
}

// enter takes the number: {"pin":"12345678"}.
func (p *page) enter(w http.ResponseWriter, r *http.Request) {
	var q struct {
		PIN string `json:"pin"`
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxNumber))
	if err != nil || json.Unmarshal(b, &q) != nil {
		http.Error(w, "this is no PIN", http.StatusBadRequest)
		return
	}
	g, err := p.door.Enter(strings.TrimSpace(q.PIN))
	switch {
	case err != nil:
		p.log.Warn("nobody can be let in to the camera page", "error", err)
		answer(w, http.StatusServiceUnavailable, map[string]any{"why": "none"})
	case g.Busy:
		answer(w, http.StatusTooManyRequests, map[string]any{"why": "busy"})
	case g.Key == "":
		p.log.Warn("a wrong PIN was given to the camera page", "from", r.RemoteAddr, "wait", g.Wait)
		answer(w, http.StatusForbidden, map[string]any{"why": "wrong", "left": g.Left, "wait_ms": g.Wait.Milliseconds()})
	default:
		http.SetCookie(w, &http.Cookie{Name: cookie, Value: g.Key, Path: "/camera/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
		w.WriteHeader(http.StatusNoContent)
	}
}

func (p *page) leave(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(cookie); err == nil {
		p.door.Leave(c.Value)
	}
	http.SetCookie(w, &http.Cookie{Name: cookie, Path: "/camera/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteStrictMode})
	w.WriteHeader(http.StatusNoContent)
}

func (p *page) sheet(w http.ResponseWriter, r *http.Request, s session) {
	id := r.PathValue("id")
	if _, ok := p.site.Camera(id); !ok {
		http.NotFound(w, r)
		return
	}
	sheet, err := p.book.Sheet(r.Context(), id)
	if err != nil {
		answer(w, http.StatusConflict, map[string]any{"why": err.Error()})
		return
	}
	answer(w, http.StatusOK, map[string]any{"drawing": sheet.Drawing, "was": sheet.Was, "token": s.token})
}

func (p *page) seen(w http.ResponseWriter, r *http.Request, s session) {
	v, ok := p.site.Camera(r.PathValue("id"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	answer(w, http.StatusOK, struct {
		View
		LeftMS int64 `json:"left_ms"` // of the session
	}{v, s.left.Milliseconds()})
}

func (p *page) still(w http.ResponseWriter, r *http.Request, _ session) {
	ctx, cancel := context.WithTimeout(r.Context(), stillTime)
	defer cancel()
	still, err := p.site.Still(ctx, r.PathValue("id"))
	if err != nil {
		answer(w, http.StatusServiceUnavailable, map[string]any{"why": err.Error()})
		return
	}
	w.Header().Set("Lamppost-Age-Ms", strconv.FormatInt(still.Age.Milliseconds(), 10))
	show(w, still.JPEG)
}

func show(w http.ResponseWriter, jpeg []byte) {
	h := w.Header()
	h.Set("Content-Type", "image/jpeg")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(jpeg) // the reader has gone
}

// kept lists the pictures of alerts that are here.
func (p *page) kept(w http.ResponseWriter, r *http.Request, _ session) {
	all := p.site.Kept(r.PathValue("id"))
	answer(w, http.StatusOK, all[:min(len(all), MaxKept)])
}

// picture shows one of them.
func (p *page) picture(w http.ResponseWriter, r *http.Request, _ session) {
	jpeg, ok := p.site.Picture(r.PathValue("id"), r.PathValue("image"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	show(w, jpeg)
}

// draw takes an order to save, with the session's token.
func (p *page) draw(w http.ResponseWriter, r *http.Request, s session) {
	if subtle.ConstantTimeCompare([]byte(r.Header.Get("Lamppost-Token")), []byte(s.token)) != 1 {
		http.Error(w, "the session's token is missing; load the page again", http.StatusForbidden)
		return
	}
	id := r.PathValue("id")
	if _, ok := p.site.Camera(id); !ok {
		http.NotFound(w, r)
		return
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxOrder))
	if err != nil {
		http.Error(w, "the drawing is too large", http.StatusRequestEntityTooLarge)
		return
	}
	order, err := decodeOrder(b)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.door.Renew(s.key)
	ctx, cancel := context.WithTimeout(r.Context(), saveTime)
	defer cancel()
	out, err := p.book.Save(ctx, id, order)
	if err != nil {
		answer(w, http.StatusServiceUnavailable, map[string]any{"why": err.Error()})
		return
	}
	p.log.Info("a drawing came from the camera page", "camera", id, "from", r.RemoteAddr, "masks", len(order.Drawing.Masks), "zones", len(order.Drawing.Zones), "saved", out.Saved, "config", out.Config)
	answer(w, http.StatusOK, out)
}

// decodeOrder reads an order within its bounds.
func decodeOrder(b []byte) (o Order, err error) {
	if err := json.Unmarshal(b, &o); err != nil {
		return Order{}, fmt.Errorf("this is no drawing: %w", err)
	}
	if o.Was == "" {
		return Order{}, errors.New("the drawing does not say what it was drawn on")
	}
	return o, o.Drawing.bounded()
}

// answer sends JSON.
func answer(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v) // the reader has gone; there is nobody to tell
}
