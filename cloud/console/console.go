package console

import (
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/cloud/packed"
)

// dist is what `npm run build` writes. dist/.keep is always there, so that a
// fresh clone builds; "all:" is what embeds a name that begins with a dot.
//
//go:embed all:dist
var dist embed.FS

//go:embed missing.html
var missing string

// document is the one page of the application.
const document = "index.html"

// policy lets the page load from its own address alone: an operations center
// has no internet, and a page that shows alerts must not run foreign code.
// Styles may be inline, since the chart positions its parts with them.
const policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:%s; " +
	"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// Handler returns the console, to be mounted at /. It answers GET and HEAD, is
// safe for concurrent use, reads no file at run time and keeps nothing about
// its callers. Security headers that are already set, by whoever wraps it, are
// left as they are. tiles is the only other host from which pictures may be loaded, those of
// the ground below the map; empty: none. A path below /api/ is never answered with a page, so that a
// mistyped address of the API does not look like a success.
func Handler(tiles string) http.Handler {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		// Only an invalid name makes fs.Sub fail, and the name is a constant.
		return newHandler(dist, tiles)
	}
	return newHandler(sub, tiles)
}

func newHandler(files fs.FS, tiles string) http.Handler {
	if tiles != "" {
		tiles = " " + tiles
	}
	rules := fmt.Sprintf(policy, tiles)
	assets, err := load(files)
	if err != nil || assets[document] == nil {
		return secured(http.HandlerFunc(serveMissing), rules)
	}
	return secured(&server{assets: assets}, rules)
}

type server struct {
	assets map[string]*packed.Document
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "the console answers GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	if a := s.assets[name]; a != nil {
		a.ServeHTTP(w, r)
		return
	}
	if !isPage(name) {
		http.NotFound(w, r)
		return
	}
	s.assets[document].ServeHTTP(w, r)
}

// isPage says whether a path that is no file may be a page of the application.
// An old tab that asks for a script of the build before this one must get 404:
// a document in place of a script would be a puzzle. A channel's name may hold a
// dot ("temp.inlet"), and what somebody writes for an id may hold anything: below these
// a dot means nothing.
func isPage(name string) bool {
	if name == "api" || strings.HasPrefix(name, "api/") || strings.HasPrefix(name, hashedDir) {
		return false
	}
	below, _, _ := strings.Cut(name, "/")
	return slices.Contains([]string{"gateways", "alerts", "cases"}, below) && below != name || path.Ext(name) == ""
}

// secured sets what a browser should know about a page of ours, unless someone
// outside has already said something else.
func secured(next http.Handler, policy string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		for _, kv := range [...][2]string{
			{"Content-Security-Policy", policy},
			{"X-Content-Type-Options", "nosniff"},
			{"Referrer-Policy", "no-referrer"},
			{"Cross-Origin-Opener-Policy", "same-origin"},
		} {
			if h.Get(kv[0]) == "" {
				h.Set(kv[0], kv[1])
			}
		}
		next.ServeHTTP(w, r)
	})
}

func serveMissing(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/api/") {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusServiceUnavailable)
	if r.Method != http.MethodHead {
		_, _ = w.Write([]byte(missing)) // the reader has gone: nobody is left to tell
	}
}
