package cases

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// behind is for how long after an alert's end what is done to its outputs still belongs
// to it: a siren goes off a moment after the alert has cleared.
const behind = time.Minute

// maxSteps bounds a timeline: an alert that chatters for weeks shows how it began and
// how it goes on.
const maxSteps = 400

// timeline is what the gateway said of an alert, and what it switched for it, oldest
// first. Revisions that were pruned are not in it.
func (b *Book) timeline(ctx context.Context, a view.Alert) ([]view.Step, error) {
	steps, err := b.revisions(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	switched, err := b.switched(ctx, a)
	if err != nil {
		return nil, err
	}
	steps = append(steps, switched...)
	slices.SortStableFunc(steps, func(x, y view.Step) int { return cmp.Compare(x.At, y.At) })
	if n := len(steps); n > maxSteps {
		steps = slices.Delete(steps, maxSteps/2, n-maxSteps/2)
	}
	return steps, nil
}

// revisions are those that changed what the alert says: a gateway that starts again
// sends the same once more, with another number.
func (b *Book) revisions(ctx context.Context, id string) (steps []view.Step, err error) {
	rows, err := b.o.DB.Read().QueryContext(ctx, "select received, body from alert_revision where alert = ? order by rev", id)
	if err != nil {
		return nil, fmt.Errorf("cases: timeline of %s: %w", id, err)
	}
	defer rows.Close()
	var last wire.Alert
	for rows.Next() {
		var received int64
		var body []byte
		var a wire.Alert
		if err := rows.Scan(&received, &body); err != nil {
			return nil, fmt.Errorf("cases: timeline of %s: %w", id, err)
		}
		if err := json.Unmarshal(body, &a); err != nil {
			return nil, fmt.Errorf("cases: timeline of %s: %w", id, err)
		}
		same := len(steps) > 0 && a.Stage == last.Stage && a.Severity == last.Severity && a.Condition == last.Condition
		if s := step(a, last, received); !same {
			steps = append(steps, s)
		} else if a.Renews(&last) {
			s.What = "renewed"
			steps = append(steps, s)
		}
		last = a
	}
	return steps, rows.Err()
}

// step is what a revision says that follows last.
func step(a, last wire.Alert, received int64) view.Step {
	s := view.Step{At: moment(&a, a.At, received), What: a.Stage, Severity: a.Severity, Value: a.Value, Limit: a.Limit}
	if a.Image != last.Image {
		s.Image = a.Image
	}
	if a.Condition == "cleared" {
		s.What = "cleared"
		if a.Cleared != nil {
			s.At = moment(&a, *a.Cleared, received)
		}
		return s
	}
	if e := a.Expected; e != nil {
		from, to := s.At+e.FromMS, s.At+e.ToMS
		s.From, s.To = &from, &to
	}
	return s
}

// switched is what was done to the outputs that the alert's rule switched, by it and by
// others, while it lasted.
func (b *Book) switched(ctx context.Context, a view.Alert) (steps []view.Step, err error) {
	until := int64(1<<62 - 1)
	if a.Cleared != nil {
		until = *a.Cleared + behind.Milliseconds()
	}
	events, err := b.o.Switched(ctx, a.Gateway, a.Since, until)
	if err != nil {
		return nil, fmt.Errorf("cases: timeline of %s: %w", a.ID, err)
	}
	own := map[string]bool{}
	for _, e := range events {
		own[e.Actuation.Output] = own[e.Actuation.Output] || e.Actuation.Why == wire.WhyRule && e.Actuation.By == a.Rule
	}
	for _, e := range events {
		if x := e.Actuation; own[x.Output] {
			steps = append(steps, view.Step{At: e.At.Unix, What: "switched",
				Switched: &view.Switched{Output: x.Output, On: x.On, Why: x.Why, By: x.By, Result: x.Result}})
		}
	}
	return steps, nil
}
