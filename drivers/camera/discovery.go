package camera

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/camera/onvif"
)

// discovery finds the address of an ONVIF camera's still picture, and keeps it until the
// camera does not answer there any more.
type discovery struct {
	web
	host    string // of the camera, with its port
	profile string // the token of the one to take; empty: choose
	found   string // the address of the still
}

func newDiscovery(w web, u *url.URL) *discovery {
	return &discovery{web: w, host: u.Host, profile: strings.Trim(u.Path, "/")}
}

func (d *discovery) fetch(ctx context.Context) ([]byte, error) {
	if d.found == "" {
		at, err := d.find(ctx)
		if err != nil {
			return nil, err
		}
		d.found = at
	}
	b, err := d.web.fetch(ctx, d.found)
	if err != nil {
		d.found = "" // some cameras give an address that holds until they start again
	}
	return b, err
}

// find asks the way: clock, media service, profiles, address.
func (d *discovery) find(ctx context.Context) (string, error) {
	device := "http://" + d.host + onvif.DevicePath
	at, err := query(ctx, d, device, onvif.AskTime(), onvif.Time)
	if err != nil {
		return "", fmt.Errorf("its clock: %w", err)
	}
	media, err := query(ctx, d, device, onvif.AskMedia(d.at(at)), onvif.Media)
	if err != nil {
		return "", fmt.Errorf("its media service: %w", err)
	}
	service := d.here(media)
	profiles, err := query(ctx, d, service, onvif.AskProfiles(d.at(at)), onvif.Profiles)
	if err != nil {
		return "", fmt.Errorf("its profiles: %w", err)
	}
	p, err := d.choose(profiles)
	if err != nil {
		return "", err
	}
	still, err := query(ctx, d, service, onvif.AskSnapshot(d.at(at), p.Token), onvif.Snapshot)
	if err != nil {
		return "", fmt.Errorf("the address of its still: %w", err)
	}
	return d.here(still), nil
}

// at is the login at a time by the camera's clock, with a nonce of its own. Finding the
// way takes less than the few seconds that a camera grants.
func (d *discovery) at(t time.Time) onvif.Login {
	if d.login == nil {
		return onvif.Login{}
	}
	nonce := make([]byte, 16)
	_, _ = rand.Read(nonce) // never fails
	return onvif.Login{User: d.login.user, Password: d.login.password, Nonce: nonce, At: t}
}

// here is an address of the camera's own at the host that is configured. A camera behind
// a router names an address that leads nowhere, and a login is sent to no other host.
func (d *discovery) here(u *url.URL) string {
	mine := url.URL{Host: d.host}
	if port := u.Port(); port != "" && u.Hostname() != mine.Hostname() {
		u.Host = net.JoinHostPort(mine.Hostname(), port)
	} else if u.Hostname() != mine.Hostname() {
		u.Host = strings.TrimSuffix(d.host, ":"+mine.Port())
	}
	return u.String()
}

// choose takes the profile that is configured; else one that is JPEG already, else the
// smallest of at least 320 columns: a still takes its size from its profile.
func (d *discovery) choose(all []onvif.Profile) (onvif.Profile, error) {
	if d.profile != "" {
		i := slices.IndexFunc(all, func(p onvif.Profile) bool { return p.Token == d.profile })
		if i < 0 {
			var tokens []string
			for _, p := range all {
				tokens = append(tokens, p.Token)
			}
			return onvif.Profile{}, fmt.Errorf("%w: it has no profile %q but %.120q", drivers.ErrException, d.profile, tokens)
		}
		return all[i], nil
	}
	rank := func(p onvif.Profile) int64 {
		switch {
		case p.Encoding == "JPEG":
			return 0
		case p.Width >= 320:
			return int64(p.Width) * int64(p.Height)
		default:
			return 1 << 40 // too small, or it does not say
		}
	}
	return slices.MinFunc(all, func(a, b onvif.Profile) int { return cmp.Compare(rank(a), rank(b)) }), nil
}

// query asks a service and reads its answer.
func query[T any](ctx context.Context, d *discovery, url string, ask []byte, read func([]byte) (T, error)) (none T, err error) {
	res, err := d.do(ctx, question{url: url, kind: onvif.ContentType, body: ask})
	if err != nil {
		return none, err
	}
	defer drop(res)
	// A refusal comes as 400, 401 or 500 with a fault in its body, or without.
	b, err := io.ReadAll(io.LimitReader(res.Body, onvif.MaxAnswer+1))
	if err != nil {
		return none, plain(ctx, err)
	}
	v, err := read(b)
	var f *onvif.Fault
	switch {
	case err == nil && res.StatusCode == http.StatusOK:
		return v, nil
	case errors.As(err, &f) && f.NotAuthorized() && d.login == nil:
		return none, fmt.Errorf("%w: %w; set username and password_file", drivers.ErrException, err)
	case errors.As(err, &f) && f.NotAuthorized():
		return none, fmt.Errorf("%w: %w; username or password is wrong, or its user may not use ONVIF", drivers.ErrException, err)
	case errors.As(err, &f):
		return none, fmt.Errorf("%w: %w", drivers.ErrException, err)
	case res.StatusCode != http.StatusOK:
		return none, fmt.Errorf("%w; has the camera ONVIF, and is it switched on there?", judgeStatus(res.StatusCode, d.login != nil))
	default:
		return none, fmt.Errorf("%w: %w", drivers.ErrProtocol, err)
	}
}
