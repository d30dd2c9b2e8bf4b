package advice_test

import (
	"testing"

	"github.com/lamppost-city/lamppost/cloud/advice"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

func TestFirstThatFits(t *testing.T) {
	book := advice.Book{
		{Rules: []string{"river-high"}, Severities: []wire.Severity{wire.Red, wire.Orange}, Text: view.Text{En: "close the underpass"}},
		{Rules: []string{"river-high"}, Text: view.Text{En: "watch"}},
		{Categories: []string{"06026"}, Text: view.Text{En: "exact"}},
		{Categories: []string{"11*", "12*"}, Severities: []wire.Severity{wire.Red}, Text: view.Text{En: "class"}},
		{Severities: []wire.Severity{wire.Blue}, Text: view.Text{En: "any"}},
	}
	for _, c := range []struct {
		rule, category string
		severity       wire.Severity
		want           string
	}{
		{"river-high", "06026", wire.Orange, "close the underpass"},
		{"river-high", "06026", wire.Blue, "watch"},
		{"other", "06026", wire.Red, "exact"},
		{"other", "060260", wire.Red, ""},
		{"other", "1203", wire.Red, "class"},
		{"other", "1203", wire.Yellow, ""},
		{"other", "", wire.Blue, "any"},
		{"", "", wire.Red, ""},
	} {
		got := book.For(c.rule, c.category, c.severity)
		if (got == nil) != (c.want == "") || got != nil && got.En != c.want {
			t.Errorf("%+v: %+v", c, got)
		}
	}
	if got := advice.Book(nil).For("river-high", "06026", wire.Red); got != nil {
		t.Errorf("no advice gave %+v", got)
	}
}
