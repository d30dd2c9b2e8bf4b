package commands

import (
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/lamppost-city/lamppost/cloud/store"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// kind is how long a command waits, and how soon it is published again.
type kind struct {
	deadline time.Duration // from asking to giving up
	first    time.Duration // between the first two publications
}

// kinds: what a person waits for is over soon. An acknowledgement is good for a day:
// a gateway that comes back in the night should know who has seen its alert.
var kinds = map[string]kind{
	wire.KindRewind:      {7 * 24 * time.Hour, 10 * time.Second},
	wire.KindAcknowledge: {24 * time.Hour, 2 * time.Second},
	wire.KindRead:        {time.Minute, 5 * time.Second},
	wire.KindStill:       {time.Minute, 5 * time.Second},
	wire.KindActuate:     {30 * time.Second, 2 * time.Second},
}

// maxSwitched is the longest time for which an output can be asked for.
const maxSwitched = 24 * time.Hour

// command makes a command of what is asked for. Its error is a *view.FieldError, or
// wraps store.ErrUnavailable.
func (d *Desk) command(a view.Ask, now time.Time) (*wire.Command, error) {
	if utf8.RuneCountInString(a.By) > maxBy || !utf8.ValidString(a.By) {
		return nil, field("by", fmt.Sprintf("姓名不超过 %d 个字", maxBy), fmt.Sprintf("a name has at most %d characters", maxBy))
	}
	if len(a.By) > maxByBytes {
		return nil, field("by", fmt.Sprintf("姓名不超过 %d 字节", maxByBytes), fmt.Sprintf("a name has at most %d bytes", maxByBytes))
	}
	c := &wire.Command{Kind: a.Kind}
	switch a.Kind {
	case wire.KindRewind:
		return c, d.rewind(c, a, now)
	case wire.KindAcknowledge:
		c.Acknowledge = &wire.Acknowledge{Alert: a.Alert}
		if wire.CheckUUID(a.Alert) != nil {
			return nil, field("alert", "应为告警编号", "write the id of an alert")
		}
		return c, nil
	case wire.KindRead, wire.KindStill:
		if obs.CheckID(a.Device) != nil {
			return nil, field("device", "应为设备编号", "write the id of a device")
		}
		if c.Read = (&wire.Read{Device: a.Device}); a.Kind == wire.KindStill {
			c.Read, c.Still = nil, &wire.Still{Device: a.Device}
		}
		return c, nil
	case wire.KindActuate:
		return c, actuate(c, a)
	}
	return nil, field("kind", "应为 rewind、acknowledge、read、still 或 actuate", "write rewind, acknowledge, read, still or actuate")
}

func (d *Desk) rewind(c *wire.Command, a view.Ask, now time.Time) error {
	if a.Since == nil {
		// Everything is a lot: nobody shall ask for it by forgetting a field.
		return field("since", "请给出起始时间（Unix 毫秒），0 表示全部", "say since when, in Unix milliseconds; 0 means everything")
	}
	if *a.Since < 0 || *a.Since > now.UnixMilli() {
		return field("since", "应为不晚于现在的时间（Unix 毫秒），0 表示全部", "write a time that has passed, in Unix milliseconds, or 0 for everything")
	}
	c.Rewind = &wire.Rewind{Store: d.o.Store(), Since: *a.Since}
	if c.Rewind.Store == "" {
		return fmt.Errorf("commands: %w: it is not open yet", store.ErrUnavailable)
	}
	return nil
}

func actuate(c *wire.Command, a view.Ask) error {
	switch {
	case obs.CheckID(a.Output) != nil:
		return field("output", "应为输出编号", "write the id of an output")
	case a.On == nil:
		return field("on", "请写明 true（开）或 false（关）", "say true for on or false for off")
	case a.ForMS < 0 || a.ForMS > maxSwitched.Milliseconds():
		return field("for_ms", "时长应为 0 至 86400000 毫秒", "write 0 to 86400000 milliseconds")
	}
	c.Actuate = &wire.Actuate{Output: a.Output, On: *a.On, ForMS: a.ForMS}
	return nil
}

func field(name, zh, en string) error {
	return &view.FieldError{Field: name, Text: view.Text{Zh: zh, En: en}}
}
