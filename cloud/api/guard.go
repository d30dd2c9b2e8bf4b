package api

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// policy lets pages load from here and nowhere else. Inline styles are needed by
// the chart and the animations of the console.
const policy = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data: blob:; worker-src 'self' blob:; connect-src 'self'; " +
	"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// guard sets what every response carries and turns away what must not come in.
func (s *server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		if !s.AnyHost && !local(r.Host) {
			s.fail(w, r, problem(http.StatusMisdirectedRequest, "E7104", "",
				"本平台只在本机可用，请用 127.0.0.1 或 localhost 访问", "this aggregator is for this machine only; use 127.0.0.1 or localhost"))
			return
		}
		if r.Body != nil {
			r.Body = http.MaxBytesReader(w, r.Body, bodyLimit(r))
		}
		next.ServeHTTP(w, r)
	})
}

// sameOrigin turns away what other sites' pages have a browser do. It stands behind the door,
// which knows whose browser that was.
func (s *server) sameOrigin(next http.Handler) http.Handler {
	origin := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := origin.Check(r); err != nil {
			s.fail(w, r, problem(http.StatusForbidden, "E7105", "",
				"不接受来自其他网站的操作", "writes from other sites are not accepted"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// maxBody bounds what a request may carry, in bytes.
const maxBody = 16 << 10

// What larger documents may have, in bytes: lists of areas, and tables that are sent whole.
const (
	maxAreaFile = 32 << 20
	maxTable    = 2 << 20
	maxCommand  = 256 << 10 // on a case: orders to many departments; or a handover
)

// bodyLimit is what a request may carry.
func bodyLimit(r *http.Request) int64 {
	switch path := r.URL.Path; {
	case r.Method == http.MethodPost && (strings.HasPrefix(path, prefix+"/cases") || path == prefix+"/handovers"):
		return maxCommand
	case r.Method != http.MethodPut:
		return maxBody
	case path == prefix+"/areas" || strings.HasPrefix(path, prefix+"/map/layers/"):
		return maxAreaFile
	case path == prefix+"/routes" || strings.HasPrefix(path, prefix+"/rosters/") || strings.HasPrefix(path, prefix+"/departments/"):
		return maxTable
	}
	return maxBody
}

// local says whether a Host header names this machine.
func local(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = strings.Trim(host, "[]")
	}
	if strings.EqualFold(strings.TrimSuffix(name, "."), "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(name)
	return err == nil && ip.Unmap().IsLoopback()
}
