package rule

import "time"

// renewEvery is how long a range that was announced stands at least.
const renewEvery = int64(time.Minute / time.Millisecond)

// foretold is the range that a pre-alert has announced last, from when it was said. The
// zero value is none. It is plain data, in boot ms.
type foretold struct{ at, from, to int64 }

// foretell is what an outlook announces at now.
func foretell(now int64, o outlook) foretold {
	return foretold{at: now, from: now + int64(o.early*1000), to: now + int64(o.late*1000)}
}

// outdated says whether next should be announced in the place of f: it is half as wide,
// or expects the limit when f did not, f's time is over, or half of the time until the
// middle of f is, so that what it said in minutes is not so any more.
func (f foretold) outdated(next foretold, best int64) bool {
	now := next.at
	switch {
	case f == foretold{}:
		return true
	case now-f.at < renewEvery:
		return false
	case now > f.to, best < f.from, best > f.to:
		return true
	case 2*(next.to-next.from) <= f.to-f.from:
		return true
	}
	return 2*(now-f.at) >= (f.from+f.to)/2-f.at
}

// renew has the range of a standing pre-alert told anew where that says something else by
// now. It tells nobody anything but that: stage and severity are as they were.
func (e *Engine) renew(b *bound) {
	g := b.group
	if b.Stage != StageForecast || g.said != b.Standing || g.chatter.on || g.stirs || g.raised() != b {
		return
	}
	c := &b.stage.when.compared[0]
	if _, o := e.quiet(b).ahead(c.value); o.late > 0 && g.foretold.outdated(foretell(e.now, o), e.now+int64(o.best*1000)) {
		g.news = true
		e.list(g)
	}
}

// announced notes the range that a transition tells.
func (g *group) announced(t *Transition) {
	if t.Is.Stage == StageForecast && t.Late > 0 && (t.Was != t.Is || t.News) {
		g.foretold = foretell(t.At, outlook{early: t.Early, late: t.Late})
	}
}
