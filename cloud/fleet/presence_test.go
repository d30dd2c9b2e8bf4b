package fleet_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/fleet"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// presence is what is known of one gateway in a span of seconds behind start, in one line.
func (b *bench) presence(t *testing.T, start time.Time, from, to int64) string {
	t.Helper()
	list, more, err := b.Presence(t.Context(), start.UnixMilli()+from*1000, start.UnixMilli()+to*1000)
	if err != nil || more {
		t.Fatal(more, err)
	}
	i := slices.IndexFunc(list, func(p view.ReplayPresence) bool { return p.Gateway == "gw" })
	if i < 0 {
		return "unknown"
	}
	out := "?"
	if list[i].Online != nil {
		out = fmt.Sprint(*list[i].Online)
	}
	for _, turn := range list[i].Turns {
		out += fmt.Sprintf(" %d:%v", (turn.At-start.UnixMilli())/1000, turn.Online)
	}
	return out
}

// When a gateway came and went is the same before it is saved, after it, and after a restart.
func TestPresence(t *testing.T) {
	db := openDB(t, filepath.Join(t.TempDir(), "p.db"))
	b := openOn(t, db, fleet.Options{})
	start := time.Now()
	turn := func(s int64, conn int64, on bool) {
		t.Helper()
		if err := b.Online("gw", wire.Online{V: 1, Online: on, Conn: conn}, start.Add(time.Duration(s)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	turn(10, 1, true)
	turn(100, 1, false)
	turn(130, 2, true)
	look := func() {
		t.Helper()
		for span, want := range map[[2]int64]string{
			{-10, 60}:  "? 10:true",
			{5, 60}:    "false 10:true",
			{20, 60}:   "true",
			{20, 120}:  "true 100:false",
			{110, 120}: "false",
			{5, 200}:   "false 10:true 100:false 130:true",
			{150, 200}: "true",
		} {
			if got := b.presence(t, start, span[0], span[1]); got != want {
				t.Errorf("%v: %s, want %s", span, got, want)
			}
		}
	}
	look()
	if err := b.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	look()
	b = openOn(t, db, fleet.Options{})
	look()
	if got := b.presence(t, start, -100, -50); got != "unknown" {
		t.Errorf("before anybody heard of it: %s", got)
	}
}
