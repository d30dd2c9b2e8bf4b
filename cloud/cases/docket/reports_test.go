package docket_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/cases/docket"
	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// A case and the report that it begins with are there together or not at all; sent again,
// both are the same.
func TestCaseBeginsWithItsReport(t *testing.T) {
	p := one(t)
	raise := lifecycle.Command{Action: lifecycle.Raise, Opening: &lifecycle.Opening{Source: "hotline", Kind: "06026", Area: "330105003", Severity: wire.Blue}}
	long := lifecycle.Citizen{ID: "12345-1", Text: strings.Repeat("x", 1<<20)}
	var wrong *view.FieldError
	if _, err := p.Do(t.Context(), "", "k", raise, api, noon, long); !errors.As(err, &wrong) {
		t.Fatalf("a report that is too long: %v", err)
	}
	if page, err := p.List(t.Context(), docket.Filter{State: "all", Limit: 10}, li); err != nil || len(page.Cases) != 0 {
		t.Fatalf("a case without its report is there: %+v, %v", page, err)
	}
	report := lifecycle.Citizen{ID: "12345-1", Text: "water"}
	var first lifecycle.Case
	for i := range 3 {
		c, err := p.Do(t.Context(), "", "k", raise, api, noon.Add(time.Duration(i)*time.Minute), report)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = c
		}
		if c.Opening.ID != first.Opening.ID || len(c.Reports) != 1 || c.Version != 2 {
			t.Errorf("sent %d times it is %s with %d reports in version %d", i+1, c.Opening.ID, len(c.Reports), c.Version)
		}
	}
}
