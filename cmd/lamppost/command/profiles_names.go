package command

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// misnamed puts the cause first where a channel of a profile bears no metric's name.
// Who reads the profile does not know the metrics: it finds that channel and fixtures
// do not go together, and would have the fixtures follow the slip.
func (b *builtin) misnamed(wrong yamldoc.Problems) yamldoc.Problems {
	var files []string
	for _, p := range wrong {
		if !slices.Contains(files, p.File) {
			files = append(files, p.File)
		}
	}
	for _, file := range files {
		src, err := readText(file)
		if err != nil {
			continue // which is told already
		}
		doc, err := yamldoc.Parse(file, src)
		if err != nil {
			continue // the same
		}
		wrong = b.causes(doc, wrong)
	}
	return wrong
}

// causes replaces what follows from a channel's wrong name by that name.
func (b *builtin) causes(doc *yamldoc.Doc, wrong yamldoc.Problems) yamldoc.Problems {
	for i := range doc.Node("channels").Len() {
		n := doc.Node("channels", strconv.Itoa(i), "name")
		if n == nil || obs.CheckChannel(n.Text()) != nil {
			continue
		}
		if _, ok := b.metrics.Lookup(n.Text()); ok {
			continue
		}
		told := regexp.MustCompile(`(^|[^a-z0-9_.])` + regexp.QuoteMeta(n.Text()) + `($|[^a-z0-9_.])`)
		wrong = slices.DeleteFunc(wrong, func(p yamldoc.Problem) bool {
			follows := p.ID == "E1808" || p.ID == "E1809" || p.ID == "E1817"
			return follows && p.File == doc.File() && told.MatchString(p.Msg)
		})
		wrong = append(wrong, n.Problem("E1804", noMetric(n.Text())).WithHint(b.nearMetric(n.Text())))
	}
	return wrong
}

func noMetric(channel string) string {
	return fmt.Sprintf("there is no metric %q", obs.MetricName(channel))
}

// nearMetric says which metric may have been meant.
func (b *builtin) nearMetric(channel string) string {
	var known []string
	for _, m := range b.metrics.All() {
		known = append(known, m.Name)
	}
	return yamldoc.Hint(obs.MetricName(channel), known)
}
