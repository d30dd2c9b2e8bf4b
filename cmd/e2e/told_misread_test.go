package e2e

import (
	"bytes"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/edge/status"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// What a wrong digit comes to, beside the words of faults.
const (
	saysWrong = "wrong" // a value that the part never measured passes
	saysRight = "right" // whatever is said is right: what is damaged is dropped
)

// listening is how long nothing wrong must have passed, while half of what is said is
// damaged, until that counts.
const listening = 45 * time.Second

// longest is how long it takes until the last part is warm, and a little more: what has
// given no value until then gives none.
const longest = 4 * time.Minute

// misheard takes what the page says of a part whose digits are wrong. The part is steady:
// its right value is what it says most.
func (a *act) misheard(fault string, value *status.Value) {
	if fault != "" && a.first.IsZero() {
		a.first = time.Now()
	}
	if fault != "" && !slices.Contains(a.heard, "fault "+fault) {
		a.heard = append(a.heard, "fault "+fault)
	}
	if fault == "" && value != nil && !value.Stale && value.V != nil && value.Why == "" {
		if a.since.IsZero() {
			a.since = time.Now()
		}
		if a.right != nil && math.Abs(*value.V-*a.right) > 1e-9+math.Abs(*a.right)*1e-6 {
			a.said = saysWrong
			return
		}
	}
	never := a.since.IsZero() && !a.first.IsZero() && time.Since(a.first) > longest
	if !never && (a.since.IsZero() || time.Since(a.since) < listening) {
		return
	}
	a.said = saysRight
	if a.play.again { // by chance all that comes during a sample may be damaged
		return
	}
	for _, want := range wants[misread] {
		if slices.Contains(a.heard, want) {
			a.said = want
			return
		}
	}
}

// learn finds what each part with wrong digits was told to say: the same part, as
// steady and undamaged, says it in another state.
func (b *booth) learn(page status.Snapshot) {
	for _, a := range b.acts {
		if a.state != misread || a.right != nil {
			continue
		}
		for _, v := range page.Values {
			if v.Device == a.driver+"-"+frozen && v.Channel == a.play.shown && v.V != nil && v.AgeMS >= 0 && (v.Why == "" || v.Why == "flat") {
				right := *v.V
				a.right = &right
			}
		}
	}
}

// coldProfile ends the ids of the copies of profiles that state a warm-up.
const coldProfile = "-cold"

// coldProfiles writes the copies: a site's own profiles, which say how long their parts
// need.
func (b *booth) coldProfiles() {
	b.t.Helper()
	dir := filepath.Join(b.dir, "profiles")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.t.Fatal(err)
	}
	for _, a := range b.acts {
		if !a.play.own || a.state != warming {
			continue
		}
		src, err := fs.ReadFile(firmwareconfigs.Devices(), a.part.ID+".yaml")
		if err != nil {
			b.t.Fatal(err)
		}
		id := []byte("id: " + a.part.ID + "\n")
		if !bytes.Contains(src, id) {
			b.t.Fatalf("%s has another form", a.part.ID)
		}
		src = bytes.Replace(src, id, fmt.Appendf(nil, "id: %s%s\nwarm_up: 60s\nwarm_up_source: a site that has seen it\n", a.part.ID, coldProfile), 1)
		if err := os.WriteFile(filepath.Join(dir, a.part.ID+coldProfile+".yaml"), src, 0o600); err != nil {
			b.t.Fatal(err)
		}
	}
}
