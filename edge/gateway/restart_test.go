package gateway

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/record"
)

// texts are what the alerts of all runs said, those of each rule in order, without what one
// said twice in a row: a start sends what stands again.
func (s *site) texts() (all []string) {
	s.t.Helper()
	if err := s.g.journal.Sync(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	for _, e := range s.g.journal.Epochs() {
		if e.First > e.Last {
			continue
		}
		err := s.g.journal.Read(e.Epoch, e.First, e.Last, func(r journal.Record) error {
			if r.Kind != record.KindAlert {
				return nil
			}
			a, err := record.DecodeAlert(r.Body, e.Epoch, r.Seq)
			if err != nil {
				return err
			}
			all = append(all, fmt.Sprintf("%s %s: %s | %s", a.Rule, a.Condition, a.Text["en"], a.Text["zh"]))
			return nil
		})
		if err != nil {
			s.t.Fatal(err)
		}
	}
	slices.SortStableFunc(all, func(a, b string) int {
		x, _, _ := strings.Cut(a, " ")
		y, _, _ := strings.Cut(b, " ")
		return strings.Compare(x, y)
	})
	return slices.Compact(all)
}

// What an alert says when it is raised and when it is over is the same with a restart
// before it, wherever that is, as without: it speaks of the comparison that came to it last.
func TestRestartChangesNoText(t *testing.T) {
	const text = `devices:
  a: {driver: staff, port: /dev/ttyS1, every: 1s}
  b: {driver: staff, port: /dev/ttyS2, every: 1s}
rules:
  both: {when: "a.level > 3 and b.level > 3", severity: orange, clear_for: 2s}
  chosen: {when: "a.level > 3.5 ? b.level > 3.5 : b.level > 4.5", severity: blue}
  one: {when: "a.level > 4 or b.level > 4", severity: yellow}
`
	pairs := [][2]float64{{1, 1}, {3.2, 1}, {3.2, 1}, {3.2, 3.8}, {3.2, 3.8}, {4.2, 3.8}, {4.2, 4.2}, {3.8, 4.2}, {3.8, 4.2}, {3.8, 3.2}, {2, 3.2}, {2, 3.2}, {2, 2}, {2, 2}, {2, 2}, {2, 2}, {2, 2}}
	metrics, moments := catalogOf(t), regexp.MustCompile(`\+\d+m\d+s`)
	live := func(restart int, how func(s *site)) string {
		s := newSite(t, metrics, t.TempDir(), text)
		defer func() { s.stop() }()
		s.nowMS = 100_000
		for i, p := range pairs {
			if i == restart {
				how(s)
			}
			s.nowMS += 1000
			s.say("a", p[0])
			s.say("b", p[1])
		}
		return moments.ReplaceAllString(strings.Join(s.texts(), "\n"), "+t") // what is clearing waits for a reading
	}
	want := live(-1, nil)
	if n := strings.Count(want, "\n") + 1; n < 6 {
		t.Fatalf("only %d texts:\n%s", n, want)
	}
	for how, end := range map[string]func(s *site){
		"stop":   func(s *site) { s.stop(); s.start() },
		"kill":   func(s *site) { s.g.watchFindings(true); s.kill(); s.start() },
		"reload": func(s *site) { s.reload(text) },
	} {
		for at := range pairs {
			if got := live(at, end); got != want {
				t.Errorf("%s before %d:\n%s\nwithout\n%s", how, at, got, want)
			}
		}
	}
}
