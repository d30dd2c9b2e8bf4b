package gateway

import (
	"slices"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/alert"
)

// reach lets the alerts that stand on a stream's own value know how far it has gone. It
// goes by the reading before the newest: of that one it is known whether it was a spike.
// What is reached between two revisions is written down each minute, and when the program
// ends in order: a power cut loses what came after.
func (g *Gateway) reach(gen *generation, st obs.Stream) {
	for id, a := range g.active {
		if a.Device != st.Device || a.Channel != st.Channel || a.Peak == nil {
			continue
		}
		if about, own := gen.engine.About(id); !own || about != st {
			continue
		}
		if v, ok := gen.trail.Settled(st); ok {
			was := a.Peak
			if alert.Reach(a, v); a.Peak != was {
				gen.peaked = append(slices.DeleteFunc(gen.peaked, func(rule string) bool { return rule == id }), id)
			}
		}
	}
}
