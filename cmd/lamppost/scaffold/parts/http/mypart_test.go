package mypart

import (
	"io"
	"net/http"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

// page answers every request with this text.
func page(text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })
}

const (
	source  = "constructed for this made-up part; say where your pages come from"
	address = "url: 'http://192.168.1.30/values?password=hunter2'"
)

// What every driver promises, and what this part answers.
func TestConformance(t *testing.T) {
	part := func(name, text, want string) drivertest.Part {
		return drivertest.Part{Name: name, Source: source, Options: address, Page: page(text), Want: want}
	}
	drivertest.Run(t, drivertest.Config{
		Kind:    Kind(),
		Good:    part("room", `{"temp": 21.5, "rh": 48}`, "temp=21.5 rh=48"),
		Beyond:  part("too hot", `{"temp": 85.1, "rh": 0}`, "temp=85.1/fail/range rh=0"),
		More:    []drivertest.Part{part("no humidity", `{"temp": -12.3, "rh": null}`, "temp=-12.3 rh=none/instrument")},
		Secrets: []string{"hunter2"},
	})
}
