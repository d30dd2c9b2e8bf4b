package fleet_test

import (
	"testing"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

const (
	lost  = "01930e5a-7c3b-7f00-8a1b-2c3d4e5f6071"
	other = "01930e5a-7c3b-7f00-8a1b-2c3d4e5f6072"
)

// What a gateway, or the aggregator, says of pictures that never come is kept and told
// once; the first reason stays, and nobody speaks for another gateway.
func TestMissingPictures(t *testing.T) {
	b := open(t)
	e := wire.Event{V: 1, Epoch: "2-00000000000b", Seq: 1, Kind: "missing", Missing: &wire.Missing{Images: []string{lost}, Why: wire.NotTaken}}
	b.event(t, e)
	b.event(t, e) // a resend
	e.Seq, e.Missing = 2, &wire.Missing{Images: []string{lost, other}, Why: wire.NoRoom}
	b.event(t, e)
	if err := b.Missed(t.Context(), "gw-2", wire.Missing{Images: []string{lost}, Why: wire.Refused}, noon); err != nil {
		t.Fatal(err)
	}
	told := b.took("missing")
	if len(told) != 3 || told[1].(view.Missing).Images[0] != other || len(told[1].(view.Missing).Images) != 1 || told[2].(view.Missing).Gateway != "gw-2" {
		t.Errorf("published %+v", told)
	}
	got, err := b.Missing(t.Context(), []string{lost, other, "none"})
	if err != nil {
		t.Fatal(err)
	}
	why := map[string]string{}
	for _, m := range got {
		why[m.Gateway+" "+m.Images[0]] = m.Why
	}
	if len(got) != 3 || why["gw "+lost] != wire.NotTaken || why["gw "+other] != wire.NoRoom || why["gw-2 "+lost] != wire.Refused {
		t.Errorf("Missing = %v", why)
	}
	if none, err := b.Missing(t.Context(), nil); err != nil || len(none) != 0 {
		t.Errorf("of no pictures: %v, %v", none, err)
	}
}
