package parts_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/profile"
)

// TestMixups plays every part under every other part's profile and keeps the page with
// what a gateway tells of it. UPDATE_GOLDEN=1 writes the page.
//
// What must hold whatever the figures are: no value of a part in the place of one with a
// strong print is used.
func TestMixups(t *testing.T) {
	r := newRig(t)
	var en, zh strings.Builder
	en.WriteString(mixupsHead)
	zh.WriteString(mixupsHeadZh)
	var sum [verdicts]int
	for _, id := range r.profiles.IDs() {
		count, taken := r.mixups(t, id)
		f, _ := r.profiles.Get(id)
		if f.Print() == profile.Strong {
			for other := range taken {
				t.Errorf("the print of %s is strong, and a %s is taken for one", id, other)
			}
		}
		for i, n := range count {
			sum[i] += n
		}
		row(&en, id, string(f.Print()), count, taken)
		row(&zh, id, map[profile.Print]string{profile.Strong: "强", profile.Weak: "弱", profile.NoPrint: "无"}[f.Print()], count, taken)
	}
	row(&en, "all", "", sum, nil)
	row(&zh, "合计", "", sum, nil)
	golden(t, "../../../docs/mixups.md", en.String())
	golden(t, "../../../docs/mixups.zh-CN.md", zh.String())
}

// shownTaken is how many parts are named that are taken for another.
const shownTaken = 6

// row writes the line of a profile: shares in per cent, and who is taken for it.
func row(b *strings.Builder, id, print string, count [verdicts]int, taken map[string]int) {
	all := 0
	for _, n := range count {
		all += n
	}
	fmt.Fprintf(b, "| `%s` | %s | %d |", id, print, all/len(rounds()))
	for _, n := range count {
		share := "-"
		if n > 0 && all > 0 {
			share = fmt.Sprintf("%.0f", 100*float64(n)/float64(all))
		}
		fmt.Fprintf(b, " %s |", share)
	}
	var names []string
	for _, other := range slices.Sorted(maps.Keys(taken)) {
		names = append(names, "`"+other+"`")
	}
	more := ""
	if len(names) > shownTaken {
		more = fmt.Sprintf(" +%d", len(names)-shownTaken)
		names = names[:shownTaken]
	}
	fmt.Fprintf(b, " %s |\n", strings.Join(names, ", ")+more)
}

func golden(t *testing.T, file, want string) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the parts give any more: UPDATE_GOLDEN=1 go test -run TestMixups ./cmd/lamppost-sim/parts", filepath.Base(file))
	}
}
