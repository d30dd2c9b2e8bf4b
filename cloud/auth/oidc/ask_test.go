package oidc

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/cloud/auth/role"
)

// While a provider does not answer one person, another who gives up is not held up, and it
// is asked once.
func TestWhoAsksHoldsUpNobody(t *testing.T) {
	asked, free := make(chan struct{}, 10), make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked <- struct{}{}; <-free }))
	defer silent.Close()
	p, err := New(Options{Issuer: silent.URL, ID: "lamppost", Redirect: "https://hub.example.org/api/v1/auth/oidc/callback",
		Grants: map[string][]role.Grant{"desk": {{Role: role.Operator, Area: "330105"}}}, Client: silent.Client()})
	if err != nil {
		t.Fatal(err)
	}
	first := make(chan error, 1)
	go func() {
		_, _, err := p.ask(context.WithoutCancel(t.Context()))
		first <- err
	}()
	<-asked
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := p.ask(gone); err == nil || !strings.Contains(err.Error(), "context canceled") {
		t.Errorf("who has given up gets %v", err)
	}
	close(free)
	if err := <-first; err == nil {
		t.Error("an empty answer describes a provider")
	}
	if len(asked) != 0 {
		t.Errorf("asked %d times more", len(asked))
	}
}
