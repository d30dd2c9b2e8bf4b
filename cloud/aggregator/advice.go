package aggregator

import (
	"strings"

	"github.com/lamppost-city/lamppost/cloud/advice"
	"github.com/lamppost-city/lamppost/cloud/settings"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// adviceOf is what the settings say that people are to do.
func adviceOf(all []settings.Advice) (b advice.Book) {
	for _, a := range all {
		e := advice.Entry{Rules: a.Rules, Categories: a.Categories, Text: view.Text{Zh: strings.TrimSpace(a.Text.Zh), En: strings.TrimSpace(a.Text.En)}}
		for _, w := range a.Severities {
			e.Severities = append(e.Severities, wire.Severity(w))
		}
		b = append(b, e)
	}
	return b
}
