// Package advice holds what a city wants its people to do when an alert of a kind comes: the
// few sentences that the duty officer reads beside it at night. They are the operations
// center's own, by rule, category and severity, so that a changed procedure needs no gateway.
package advice

import (
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// Entry is advice, and for which alerts and cases it is. A list that is empty fits all.
type Entry struct {
	Rules      []string        // as the gateways name them
	Categories []string        // codes; one that ends with * means all that begin so
	Severities []wire.Severity // as it stands now
	Text       view.Text       // one of the languages may be empty
}

// Book is the advice of a city. The first entry that fits counts.
type Book []Entry

// For returns the advice for an alert or a case; nil: there is none.
func (b Book) For(rule, category string, severity wire.Severity) *view.Text {
	for _, e := range b {
		if e.fits(rule, category, severity) {
			return &view.Text{Zh: e.Text.Zh, En: e.Text.En}
		}
	}
	return nil
}

func (e Entry) fits(rule, category string, severity wire.Severity) bool {
	return (len(e.Rules) == 0 || slices.Contains(e.Rules, rule)) &&
		(len(e.Categories) == 0 || slices.ContainsFunc(e.Categories, func(pattern string) bool { return covers(pattern, category) })) &&
		(len(e.Severities) == 0 || slices.Contains(e.Severities, severity))
}

// covers says whether a category is one that a pattern means: the same code, or, where the
// pattern ends with *, one that begins so.
func covers(pattern, category string) bool {
	if head, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(category, head)
	}
	return category == pattern
}
