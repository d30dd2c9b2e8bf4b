package health

import (
	"strconv"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// troubles are the words for what keeps the journal from being written.
var troubles = map[string]text{"full": diskFull, "read-only": diskReadOnly, "io": diskFails}

// unsentShare is how full of waiting records a journal may be. That it is full of
// others is as it should be: their room is used again.
const unsentShare = 0.8

func disk(j Journal) []wire.Health {
	var out []wire.Health
	if j.Trouble != "" {
		t, ok := troubles[j.Trouble]
		if !ok {
			t = diskFails
		}
		out = append(out, one("disk", "fail", "", t, j.Dir, span(j.For), j.Detail)...)
	}
	if j.Lost > 0 {
		out = append(out, one("lost", "warn", "", lost, j.Lost)...)
	}
	if j.Unsent > unsentShare {
		out = append(out, one("disk-quota", "warn", "", nearlyFull, strconv.FormatFloat(j.Unsent*100, 'f', 0, 64)+" %")...)
	}
	return out
}

// What a card should last, and how long it must have been watched before anybody
// is told that it will not: an installation writes more than a week of service.
const (
	cardYears = 2
	cardWatch = 24 * time.Hour
	emmcWorn  = 8
	emmcOver  = 11
)

func card(c Card) []wire.Health {
	switch {
	case c.Used >= emmcOver || c.Spare >= 3:
		return one("card-worn", "fail", c.Name, cardOver, c.Name)
	case c.Used >= emmcWorn:
		return one("card-worn", "warn", c.Name, cardWorn, c.Name, (c.Used-1)*10)
	case c.Spare == 2:
		return one("card-worn", "warn", c.Name, cardSpare, c.Name)
	case c.Years >= 0 && c.Years < cardYears && c.Endurance > 0 && c.Over >= cardWatch:
		t := cardLife
		if c.Assumed {
			t = cardLifeAssumed
		}
		return one("card-life", "warn", c.Name, t, c.Name, volume(c.PerDay), years(c.Years), volume(c.Endurance))
	}
	return nil
}

// volume is a number of bytes in the unit that fits; the same in every language.
func volume[T int64 | uint64](n T) string {
	f, unit := float64(n), "B"
	for _, u := range []string{"kB", "MB", "GB", "TB"} {
		if f < 1000 {
			break
		}
		f, unit = f/1000, u
	}
	return strconv.FormatFloat(f, 'f', min(1, len(unit)-1), 64) + " " + unit
}

// years is a time that is written in the sentence's own language.
type years float64

func (y years) in(lang string) string {
	n, en, zh := float64(y), " years", " 年"
	if n < 1 {
		n, en, zh = n*12, " months", " 个月"
	}
	s := strconv.FormatFloat(n, 'f', 1, 64)
	if lang == "zh" {
		return s + zh
	}
	return s + en
}

// certificateDays is how long before its end a certificate is spoken of.
const certificateDays = 30 * 24 * time.Hour

func certificates(u Uplink) []wire.Health {
	c := u.Certificate
	switch {
	case u.Problem != "" && !u.Connected:
		return one("certificate", "fail", "", certificateProblem, u.Problem)
	case u.Problem != "" && u.NotFirst == "":
		return one("certificate", "warn", "", certificateNext, u.Problem)
	case c.Name != "" && c.Left < certificateDays:
		t := certificateTheirs
		if c.Ours {
			t = certificateOurs
		}
		if c.Left < 0 {
			t = certificateEnded
		}
		return one("certificate", "warn", c.Name, t, c.Name, span(c.Left.Abs()))
	case u.Advice != "":
		return one("certificate", "info", "", certificateAdvice, u.Advice)
	}
	return nil
}

func page(p Page) []wire.Health {
	if p.Error == "" {
		return nil
	}
	return one("status-page", "warn", "", pageTaken, p.Address, p.Error)
}
