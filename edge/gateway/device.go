package gateway

import (
	"errors"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/modbus"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/poll"
	"github.com/lamppost-city/lamppost/edge/quality"
	"github.com/lamppost-city/lamppost/edge/record"
	"github.com/lamppost-city/lamppost/edge/still"
)

// faultEvery is how often a fault that lasts is written down again: often enough
// for a chart to show it, seldom enough not to wear the card out. One that turns into
// another (no answer, then a stranger's) is news and is written at once.
const faultEvery = time.Minute

// device is what the gateway knows of one device while it runs. It is guarded by
// the gateway's lock.
type device struct {
	spec deviceSpec
	*form
	heeded  []heeded       // the channels that rules and outputs read
	derives []heeded       // those that something is derived from
	seen    []seen         // the channels that other streams' tests look at; see judge
	late    []quality.Late // what the last sample decided about the one before, by channel; see lateFor
	open    bool           // of a derived stream: the newest result rests on what is not decided
	located *quality.Location
	streams []quality.Stream // one per channel; nil until the first sample
	// recalled is streams with what an earlier run of the program remembered of them, until
	// the first sample; nil: nothing.
	recalled []quality.Stream
	counted  deviceCounts

	answered bool   // at least once since the start
	fault    error  // of the last sample; nil: it answered
	changed  int64  // boot ms: since when fault, or its absence, lasts
	failed   int    // failed samples in a row
	down     bool   // reported as down
	written  int64  // boot ms of the last fault record
	word     string // what that record says
	frozen   bool
	doubt    string // why it may be another part; empty: nothing says so
	impaired impairment
	lessons  lessons

	last   []obs.Reading       // newest reading of each channel; nil until it has answered
	lastAt int64               // boot ms of the last good sample
	lent   lent                // those of them that were written down
	ring   still.Ring          // what a camera saw lately
	before beforehand          // the picture before an alert that was sent last
	found  []drivers.Detection // what a detector found in the newest of them; nil: none was asked, or it did not answer
	sentAt int64               // boot ms of the last still that was uploaded unasked
	next   time.Time           // when it is due again
}

// heeded is a channel that a rule or an output reads.
type heeded struct {
	channel int
	stream  obs.Stream
}

// deviceSpec is what the configuration says of a device.
type deviceSpec struct {
	id, driver, profile string
	line, address       string // the line it hangs on, and its place there
	where               string // for people: "rs485-1 #3", "/dev/ttyAMA1"
	every, timeout      time.Duration
	upload              time.Duration         // between stills uploaded unasked; 0: none
	checks              map[string]obs.Checks // by channel, all layers together
	ownChecks           bool                  // the site says something about them
	plan                *drivers.Plan
	names               map[string]string
}

// newDevice makes a device that stands alone: its samples do not travel.
func newDevice(spec deviceSpec, catalog *obs.Catalog) *device {
	return &device{spec: spec, form: newForm(spec, catalog, quality.Env{})}
}

func (d *device) heed(read, derives map[obs.Stream]bool) {
	d.heeded, d.derives = nil, nil
	for i, c := range d.channels {
		st := obs.Stream{Device: d.spec.id, Channel: c}
		if read[st] {
			d.heeded = append(d.heeded, heeded{i, st})
		}
		if derives[st] {
			d.derives = append(d.derives, heeded{i, st})
		}
	}
}

// part names what the device is, for people.
func (d *device) part() string {
	if d.spec.profile != "" {
		return d.spec.profile
	}
	return d.spec.driver
}

// take judges a sample. It returns the record to write, or false if there is
// nothing to write: a fault that lasts is written only now and then.
func (d *device) take(s poll.Sample) (rec record.Sample, write bool) {
	rec = record.Sample{Device: d.spec.id, BootMS: s.BootMS}
	d.next = s.Next
	d.doubt = doubtOf(s.Driver)
	d.impaired.take(s)
	d.lessons.take(s)
	if s.Err == nil && len(s.Readings) != len(d.channels) {
		s.Err = errors.New("the driver has a bug: it does not give one reading per channel")
	}
	if s.Err != nil {
		return rec, d.takeFault(s, &rec)
	}
	d.opened(s.BootMS)
	if d.fault != nil || !d.answered {
		d.fault, d.changed, d.answered = nil, s.BootMS, true
	}
	d.failed, d.written, d.lastAt, d.frozen, d.late = 0, 0, s.BootMS, false, d.late[:0]
	rec.Channels, rec.Readings = d.channels, s.Readings
	d.judge(s.BootMS, s.Readings)
	d.locate(s.Readings)
	d.last = s.Readings // nobody changes them any more
	return rec, true
}

func (d *device) takeFault(s poll.Sample, rec *record.Sample) (write bool) {
	if d.fault == nil {
		d.changed = s.BootMS
	}
	d.failed++
	var skipped *modbus.Skipped
	if errors.As(s.Err, &skipped) && d.fault != nil {
		return false // it was not even asked: what it failed with last still holds
	}
	d.fault = s.Err
	if errors.Is(s.Err, drivers.ErrUnplugged) && d.streams != nil { // what comes back has to warm up again
		d.recalled = make([]quality.Stream, len(d.streams))
		for i := range d.streams {
			d.recalled[i] = d.streams[i].Reconnected()
		}
		d.streams = nil
	}
	word := drivers.FaultWord(s.Err)
	if d.failed > 1 && word == d.word && s.BootMS-d.written < faultEvery.Milliseconds() {
		return false
	}
	d.written, d.word = s.BootMS, word
	rec.Fault = word
	return true
}

// opened makes the quality streams at the first sample after the part was opened.
func (d *device) opened(bootMS int64) {
	if d.streams != nil {
		return
	}
	if d.streams, d.recalled = d.recalled, nil; d.streams != nil {
		for i := range d.streams {
			d.streams[i].Reopened(bootMS)
		}
		return
	}
	d.streams = make([]quality.Stream, len(d.channels))
	for i := range d.streams {
		d.streams[i] = *quality.New(&d.limits[i], bootMS)
	}
}

// doubtOf is what a driver suspects of its part; empty if nothing, or if it cannot tell.
func doubtOf(driver drivers.Driver) string {
	if d, ok := driver.(drivers.Doubter); ok {
		return d.Doubt()
	}
	return ""
}

// turned says whether the device went down or came back since it was last asked.
// One missed sample is not an event.
func (d *device) turned() (changed, up bool) {
	switch {
	case d.fault != nil && !d.down && (d.failed >= 2 || errors.Is(d.fault, drivers.ErrUnplugged)):
		d.down = true
		return true, false
	case d.fault == nil && d.down:
		d.down = false
		return true, true
	}
	return false, false
}

// state is the device's state in one word.
func (d *device) state() string {
	switch {
	case d.fault == nil && !d.answered:
		return "waiting"
	case d.fault == nil:
		return "ok"
	case errors.Is(d.fault, drivers.ErrTimeout):
		return "silent"
	default:
		return "fault"
	}
}
