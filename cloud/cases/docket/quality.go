package docket

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// mostJudged bounds how many cases Quality reads.
const mostJudged = 100_000

// Quality counts how the cases that an actor may see ended, by the rules that opened them:
// those opened from one time on and before another, in Unix milliseconds. By rule. The error
// is a *view.FieldError if there are more than 100 000 cases.
func (d *Docket) Quality(ctx context.Context, from, to int64, a lifecycle.Actor) ([]view.RuleQuality, error) {
	rows, err := d.o.DB.Read().QueryContext(ctx, `select body, (select count(*) from case_alert where case_alert.id = casefile.id)
		from casefile where opened >= ? and opened < ? limit ?`, from, to, mostJudged+1)
	if err != nil {
		return nil, fmt.Errorf("docket: quality: %w", err)
	}
	defer rows.Close()
	rules := map[string]*view.RuleQuality{}
	for n := 0; rows.Next(); n++ {
		if n == mostJudged {
			return nil, &view.FieldError{Field: "from", Text: view.Text{Zh: "案件超过 10 万件，请缩短时间段", En: "these are more than 100 000 cases; ask for a shorter time"}}
		}
		var body []byte
		var alerts int
		var c lifecycle.Case
		if err := rows.Scan(&body, &alerts); err != nil {
			return nil, fmt.Errorf("docket: quality: %w", err)
		}
		if err := json.Unmarshal(body, &c); err != nil {
			return nil, fmt.Errorf("docket: quality: %w", err)
		}
		if c.Opening.Rule != "" && d.fits(Filter{}, c, a) {
			judge(rules, c, alerts)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("docket: quality: %w", err)
	}
	out := []view.RuleQuality{}
	for q := range maps.Values(rules) {
		out = append(out, *q)
	}
	slices.SortFunc(out, func(a, b view.RuleQuality) int { return cmp.Compare(a.Rule, b.Rule) })
	return out, nil
}

// judge adds a case to the counts of its rule.
func judge(rules map[string]*view.RuleQuality, c lifecycle.Case, alerts int) {
	q := rules[c.Opening.Rule]
	if q == nil {
		q = &view.RuleQuality{Rule: c.Opening.Rule, Resolutions: map[string]int{}}
		rules[c.Opening.Rule] = q
	}
	q.Cases++
	q.Alerts += alerts
	if c.State == lifecycle.Closed {
		q.Resolutions[string(c.Outcome.Resolution)]++
	} else {
		q.Open++
	}
	switch is := c.Outcome.FalseAlarm; {
	case is == nil:
		q.Unjudged++
	case *is:
		q.FalseAlarms++
	default:
		q.TrueAlarms++
	}
}
