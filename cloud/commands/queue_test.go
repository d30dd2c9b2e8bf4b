package commands

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

func alertID(n int) string { return fmt.Sprintf("01940000-0000-7000-8000-%012d", n) }

// seen asks a gateway, in one transaction, to silence so many alerts.
func (r *rig) seen(alerts int, now time.Time) error {
	r.t.Helper()
	return r.db.Write(r.t.Context(), func(tx *sql.Tx) error {
		for i := range alerts {
			if _, err := r.AskIn(r.t.Context(), tx, "gw", view.Ask{Kind: wire.KindAcknowledge, Alert: alertID(i), By: "王芳"}, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// Who acknowledges a case with a hundred alerts of one gateway silences all of them: they are
// told one after the other, never more at a time than the gateway remembers.
func TestManyAcknowledgementsAreWorkedOff(t *testing.T) {
	r := newRig(t)
	now := time.Now()
	if err := r.seen(100, now); err != nil {
		t.Fatal(err)
	}
	var told []string
	for range 100 {
		if err := r.round(t.Context(), now); err != nil {
			t.Fatal(err)
		}
		open := r.messages()[len(told):]
		if len(open) == 0 {
			break
		}
		if len(open) > maxWaiting {
			t.Fatalf("%d are published without an answer", len(open))
		}
		for _, m := range open {
			told = append(told, m.command.Acknowledge.Alert)
			if err := r.Reply(t.Context(), "gw", wire.Reply{V: 1, ID: m.command.ID, OK: true}, now); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(told) != 100 || !slices.IsSorted(told) || len(slices.Compact(told)) != 100 {
		t.Errorf("%d are told: %v", len(told), told)
	}
}

// A queue has an end, and another kind does not wait behind it.
func TestQueueOfAcknowledgementsHasAnEnd(t *testing.T) {
	r := newRig(t)
	now := time.Now()
	if err := r.seen(maxQueued, now); err != nil {
		t.Fatal(err)
	}
	if err := r.seen(1, now); !errors.Is(err, view.ErrBusy) {
		t.Errorf("one too many: %v", err)
	}
	if _, err := r.Ask(t.Context(), "gw", view.Ask{Kind: wire.KindRead, Device: "river"}, now); err != nil {
		t.Fatal(err)
	}
	if err := r.round(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	m := r.messages()
	if len(m) != maxWaiting+1 || m[len(m)-1].command.Read == nil {
		t.Errorf("%d are published", len(m))
	}
}

// A name that a gateway would not take is told so, and not written down.
func TestNameTooLongForAGateway(t *testing.T) {
	var field *view.FieldError
	_, err := newRig(t).Ask(t.Context(), "gw", view.Ask{Kind: wire.KindAcknowledge, Alert: alertID(1), By: strings.Repeat("🛟", 61)}, time.Now())
	if !errors.As(err, &field) || field.Field != "by" {
		t.Errorf("%v", err)
	}
}
