package cases_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/cases"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// That somebody has seen an alert, and what follows from it, are one: both are on the disk,
// or neither; and nothing follows for an alert that is over.
func TestSeenIsOneTransaction(t *testing.T) {
	b := open(t)
	catalog, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	var seen, shown []string
	fail := errors.New("disk full")
	b.Book, err = cases.Open(t.Context(), cases.Options{DB: b.db, Catalog: catalog, Seen: func(_ context.Context, _ *sql.Tx, alert, gateway, by string, _ time.Time) (func(), error) {
		seen = append(seen, alert+" "+gateway+" "+by)
		return func() { shown = append(shown, alert) }, fail
	}})
	if err != nil {
		t.Fatal(err)
	}
	b.record(t, alert(1), alert(1, cleared, func(a *wire.Alert) { a.ID = "b" }))
	if err := b.Acknowledge(t.Context(), "a", "wang", "", noon); !errors.Is(err, fail) {
		t.Fatal(err)
	}
	if a := b.get(t); a.Acknowledged != nil || len(a.History) != 1 || len(shown) != 0 {
		t.Errorf("%+v, shown %v", a, shown)
	}
	fail = nil
	for _, id := range []string{"a", "b"} {
		if err := b.Acknowledge(t.Context(), id, "wang", "", noon); err != nil {
			t.Error(err)
		}
	}
	if err := b.Acknowledge(t.Context(), "a", "li", "", noon); !errors.Is(err, view.ErrAcknowledged) {
		t.Error(err)
	}
	if len(seen) != 2 || seen[1] != "a gw wang" || len(shown) != 1 || shown[0] != "a" {
		t.Errorf("seen %v, shown %v", seen, shown)
	}
}
