package rule

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Bounds of what stale and stuck are compared with.
const (
	longest = 30 * 24 * time.Hour
	usual   = 5 // intervals for which a value may well stand
)

// times judges the numbers that times are compared with: of stale and stuck the stream's
// interval says which make sense, of a forecast its window.
func (c *compiler) times() {
	for i := range c.compared {
		k := &c.compared[i]
		if math.IsNaN(k.limit) || !k.value.reading() {
			continue
		}
		in := c.reads[k.value.read]
		switch k.value.op {
		case opStale:
			c.silence(k, in)
		case opStuck:
			c.standstill(k, in)
		case opRises, opFalls:
			if far := reach * time.Duration(in.window) * time.Millisecond; k.limit > far.Seconds() {
				c.doubt(k, "W3104", fmt.Sprintf("a trend of %s looks %s ahead at most", brief(far/reach), brief(far)), "write less than that, or a longer window")
			}
		case opCount:
			c.many(k, in)
			continue
		case opLast:
			c.exactly(k, in)
			continue
		default:
			continue
		}
		if k.kind == opEqual || k.kind == opNotEq {
			c.doubt(k, "W3104", "a time that passes is hardly ever exactly so long", "compare with > or <")
		}
	}
}

// many doubts a number of readings that only comes about when one is early.
func (c *compiler) many(k *comparison, in read) {
	every := c.known[in.stream].often()
	if every <= 0 {
		return
	}
	all := float64(in.window / max(every.Milliseconds(), 1))
	if k.kind == opMore && k.limit >= all && k.limit < all+1 || k.kind == opMoreEq && k.limit > all && k.limit <= all+1 {
		c.doubt(k, "W3104", fmt.Sprintf("%s of one every %s are %s readings, and one more only by chance", brief(time.Duration(in.window)*time.Millisecond), brief(every), short(all)), "compare with less than "+short(all))
	}
}

// exactly doubts a measured quantity that is to be one number exactly, but for the ends of
// what it can be and 0: no rain is just that. States and indices have no unit. Not to be
// one is another thing: parts have numbers that mean something else.
func (c *compiler) exactly(k *comparison, in read) {
	s := c.known[in.stream]
	if k.kind != opEqual || s.Bare || s.Unit == "" || k.limit == 0 || k.limit == s.Min || k.limit == s.Max {
		return
	}
	c.doubt(k, "W3104", fmt.Sprintf("%s is hardly ever exactly %s", in.name(), short(k.limit)), "compare with >, >=, < or <=")
}

// silence judges what a stale is compared with. Between two readings each stream is silent.
func (c *compiler) silence(k *comparison, in read) {
	every := time.Duration(in.every) * time.Millisecond
	switch limit := seconds(k.limit); {
	case limit >= 0 && limit <= every && every > 0:
		c.fail(k.at, k.length, "E3120", fmt.Sprintf("%s gives a reading every %s, so it is silent for so long again and again", in.name(), brief(every)),
			fmt.Sprintf("write more than %s, like %s", brief(every), brief(time.Duration(in.stale)*time.Millisecond)))
	case limit > longest:
		c.tooLong(k)
	}
}

// standstill judges what a stuck is compared with: parts that resolve little say the same
// a few times by themselves.
func (c *compiler) standstill(k *comparison, in read) {
	every := time.Duration(in.every) * time.Millisecond
	switch limit := seconds(k.limit); {
	case limit >= 0 && limit <= every && every > 0:
		c.fail(k.at, k.length, "E3120", fmt.Sprintf("%s gives a reading every %s, so its value stands for so long again and again", in.name(), brief(every)),
			fmt.Sprintf("write %s or more", brief(usual*every)))
	case limit >= 0 && limit < usual*every:
		c.doubt(k, "W3104", fmt.Sprintf("a value that stands for %s is nothing unusual with one every %s", brief(limit), brief(every)), fmt.Sprintf("write %s or more", brief(usual*every)))
	case limit > longest:
		c.tooLong(k)
	}
}

func (c *compiler) tooLong(k *comparison) {
	c.fail(k.at, k.length, "E3120", "nobody waits so long for a reading", "write 720h, which are 30 days, or less")
}

func (c *compiler) doubt(k *comparison, id, msg, hint string) {
	c.doubts = append(c.doubts, &Error{Offset: k.at, Length: k.length, ID: id, Msg: msg, Hint: hint})
}

// seconds is a number of them as a duration, at most a hundred years.
func seconds(v float64) time.Duration {
	return time.Duration(min(v, 100*365*24*3600) * float64(time.Second))
}

func (r read) name() string { return r.stream.Device + "." + r.stream.Channel }

// calmly says what root is while each stream gives its readings in time.
func (c *compiler) calmly(root *node) truth {
	well := *c
	well.well = true
	return well.anything().truth(root)
}

// calm refuses a condition that is met because all is well, a clear that then never comes,
// and an end that rests on a value that stands still.
func calm(when, clear *program, text, ending string) (wrong, never []*Error) {
	if when.calm == isTrue {
		wrong = []*Error{{Length: len(text), ID: "E3121", Msg: "this is met while every reading comes in time", Hint: "turn the comparison round, like stale(device.channel) > 5m"}}
	}
	switch {
	case len(wrong) > 0:
	case clear == nil && !when.alert.no:
		wrong = []*Error{{Length: len(text), ID: "E3121", Msg: "a value that stands still ends no alert, so this one would never end", Hint: "write a clear that compares the value itself, like device.channel < 3"}}
	case clear != nil && !clear.alert.yes:
		never = []*Error{{Length: len(ending), ID: "E3121", Msg: "a value that stands still ends no alert, so this one would never end", Hint: "write a clear that compares the value itself, like device.channel < 3"}}
	}
	if clear != nil && clear.calm == isFalse {
		never = []*Error{{Length: len(ending), ID: "E3121", Msg: "this is never met while readings come in time, so that only silence would end the alert", Hint: "turn the comparison round, or leave it out"}}
	}
	return wrong, never
}

// foreign doubts a clear that looks at nothing of what has raised the alert.
func foreign(when, clear *program, ending string) []*Error {
	var names []string
	for _, a := range when.reads {
		for _, b := range clear.reads {
			if a.stream == b.stream {
				return nil
			}
		}
		names = append(names, a.name())
	}
	return []*Error{{Length: len(ending), ID: "W3103", Msg: "this reads nothing of what when reads, so the alert may end while its cause goes on",
		Hint: "let it read " + strings.Join(names, " or ")}}
}

// steepest is by how much a stream can change in an hour at most, as a window of in sees it.
func (s Stream) steepest(in read) float64 {
	speaks := min(in.stale, max(in.every*3/2, in.window/4))
	apart := max(s.often().Milliseconds(), int64(enough*float64(in.window))-2*speaks, 1)
	most := (s.Max - s.Min) / (float64(apart) / float64(time.Hour.Milliseconds()))
	digits := math.Pow(10, math.Floor(math.Log10(most))-2)
	return micro(math.Ceil(most/digits) * digits)
}
