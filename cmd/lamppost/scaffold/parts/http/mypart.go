// Package mypart reads the mypart, a made-up sensor of air temperature and humidity
// that has a web server. EDIT: say here which parts this is for, and what it does not
// do.
//
// Sources: EDIT: title and revision of the description of its interface.
//
// GET on its address answers 200 with JSON: {"temp": 21.5, "rh": 48}, in °C and %. A
// value that it does not have is null or not there.
package mypart

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

const name = "mypart"

//go:embed README.md
var readme string

//go:embed sample.yaml
var sample string

// Kind returns the driver, for the list of those that a gateway has.
func Kind() drivers.Kind {
	return drivers.Kind{Name: name, Wire: drivers.HTTPHost, Readme: readme, Sample: sample, Plan: plan}
}

// channels are what the part measures, as its description says.
var channels = []drivers.Channel{
	{Name: "temp", Min: -40, Max: 85, Resolution: 0.1},
	{Name: "rh", Min: 0, Max: 100, Resolution: 0.1},
}

// options are the keys of a device that belong to this driver.
type options struct {
	URL string `yaml:"url"`
}

// plan judges the options and says what the device will be. It asks nobody.
func plan(decode func(any) error) (*drivers.Plan, error) {
	var o options
	if err := decode(&o); err != nil {
		return nil, err
	}
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, &drivers.OptionError{Key: "url", Msg: "write the address of the part, such as http://192.168.1.30/values"}
	}
	return &drivers.Plan{
		Channels: channels,
		MinEvery: time.Second,
		Timeout:  5 * time.Second,
		OpenHTTP: func(web drivers.Fetcher) (drivers.Driver, error) { return &driver{web: web, url: u.String()}, nil },
	}, nil
}

type driver struct {
	web drivers.Fetcher
	url string
}

const maxPage = 4096 // bytes that an answer may have

// Sample asks the part once.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	page, err := d.fetch(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return readings(page)
}

func (d *driver) fetch(ctx context.Context) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url, nil)
	if err != nil {
		return nil, bare(err)
	}
	res, err := d.web.Do(req)
	if err != nil {
		return nil, bare(err)
	}
	defer res.Body.Close() // nothing is lost: the page was read, or is no good
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%w: it answers %s", drivers.ErrProtocol, res.Status)
	}
	page, err := io.ReadAll(io.LimitReader(res.Body, maxPage+1))
	switch {
	case err != nil:
		return nil, bare(err)
	case len(page) > maxPage:
		return nil, fmt.Errorf("%w: the answer is longer than %d bytes", drivers.ErrProtocol, maxPage)
	}
	return page, nil
}

// bare takes the address out of an error, since it may hold a password, and calls
// silence by its name.
func bare(err error) error {
	var u *url.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return drivers.ErrTimeout
	case errors.As(err, &u):
		return u.Err
	}
	return err
}

// Close does nothing: each sample is a request of its own.
func (d *driver) Close() error { return nil }
