package wire

import (
	"errors"
	"fmt"
	"math"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Limits inside messages; every list is bounded before anything is kept.
const (
	MaxText     = 1000 // bytes of one text in one language
	MaxEvidence = 64   // readings in an alert
	MaxDevices  = 1000 // of a gateway
	MaxPictures = 8    // of an alert
	MaxActive   = 1000 // alerts of a gateway: as many as it may have rules
	MaxListed   = 256  // channels of a device, acknowledged alerts or images, health entries

	maxTime      = 1 << 53 // beyond that a JSON number is no longer exact
	maxLanguages = 8
	maxDicts     = 16
	maxLabel     = 200 // bytes of a name, a version, an address, a sentence
)

// CheckUUID accepts what ids of alerts, pictures and commands look like: a UUIDv7.
func CheckUUID(id string) error { return checkUUID(id) }

// at names the field that is wrong, from the outside in.
func at(field string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", field, err)
}

// first returns the first error there is: a document is refused for one reason.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func oneOf(s string, words ...string) error {
	for _, w := range words {
		if s == w {
			return nil
		}
	}
	return fmt.Errorf("%q is not one of %q", clip(s), words)
}

func short(s string, limit int) error {
	if len(s) > limit {
		return fmt.Errorf("%d bytes, %d are allowed", len(s), limit)
	}
	return nil
}

func few(n, limit int) error {
	if n > limit {
		return fmt.Errorf("%d entries, %d are allowed", n, limit)
	}
	return nil
}

// ifSet checks s unless it is empty.
func ifSet(s string, check func(string) error) error {
	if s == "" {
		return nil
	}
	return check(s)
}

func finite(v float64) error {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return errors.New("not a number")
	}
	return nil
}

// check accepts a moment that says at least one of: when, or when in which boot.
func (m Moment) check() error {
	switch {
	case m.Unix == 0 && m.Boot == "":
		return errors.New("there is neither a time nor a boot id")
	case m.Unix < 0 || m.Unix > maxTime:
		return fmt.Errorf("t: %d is not a time in Unix milliseconds", m.Unix)
	case m.BootMS < 0 || m.BootMS > maxTime:
		return fmt.Errorf("boot_ms: %d is not a time since boot", m.BootMS)
	case m.ErrorMS < 0 || m.ErrorMS > maxTime:
		return fmt.Errorf("err_ms: %d is not an uncertainty", m.ErrorMS)
	}
	return at("boot", ifSet(m.Boot, checkBoot))
}

func checkSeq(e Epoch, seq uint64) error {
	if err := e.Validate(); err != nil {
		return at("epoch", err)
	}
	if seq < 1 || seq > MaxSeq {
		return fmt.Errorf("seq: %d is not 1 to 2^63-1", seq)
	}
	return nil
}

func checkText(text map[string]string) error {
	if len(text) < 1 || len(text) > maxLanguages {
		return fmt.Errorf("%d languages, 1 to %d are allowed", len(text), maxLanguages)
	}
	for lang, s := range text {
		if len(lang) < 2 || len(lang) > 16 || s == "" {
			return fmt.Errorf("language %q: needs a code such as zh or en, and a text", clip(lang))
		}
		if err := short(s, MaxText); err != nil {
			return at(lang, err)
		}
	}
	return nil
}

func (p *Position) check() error {
	if p != nil && (math.Abs(p.Lat) > 90 || math.Abs(p.Lon) > 180) {
		return fmt.Errorf("%g %g is not a latitude -90…90 and a longitude -180…180", p.Lat, p.Lon)
	}
	return nil
}

func checkRanges(rs []Range) error {
	if err := few(len(rs), MaxRanges); err != nil {
		return err
	}
	for _, r := range rs {
		if !r.Valid() {
			return fmt.Errorf("range %s is not 1 ≤ from ≤ to ≤ 2^63-1", r)
		}
	}
	return nil
}

func checkRevised(rs []Revised, most int) error {
	if err := few(len(rs), most); err != nil {
		return err
	}
	for _, r := range rs {
		if err := checkUUID(r.ID); err != nil {
			return at("id", err)
		}
		if r.Rev < 1 {
			return fmt.Errorf("rev: %d is not a revision, they begin at 1", r.Rev)
		}
	}
	return nil
}

// Validate checks the event and that it carries exactly the body Kind names.
func (e *Event) Validate() error {
	bodies := 0
	for _, set := range []bool{e.Gap != nil, e.Boot != nil, e.Anchor != nil, e.Config != nil, e.Device != nil, e.Actuation != nil, e.Maintenance != nil, e.Unrest != nil, e.Missing != nil} {
		if set {
			bodies++
		}
	}
	if err := first(checkVersion(e.V), checkSeq(e.Epoch, e.Seq), at("at", e.At.check())); err != nil {
		return err
	}
	if bodies != 1 {
		return fmt.Errorf("kind %q: the event has %d bodies, one is needed", clip(e.Kind), bodies)
	}
	switch {
	case e.Kind == "gap" && e.Gap != nil:
		return at("gap", e.Gap.check())
	case e.Kind == "boot" && e.Boot != nil:
		return first(at("boot.version", short(e.Boot.Version, maxLabel)), at("boot.epoch", e.Boot.Epoch.Validate()))
	case e.Kind == "anchor" && e.Anchor != nil:
		if e.At.Unix == 0 || e.At.Boot == "" {
			return errors.New("at: an anchor needs both t and boot")
		}
		return at("anchor.source", checkWord(e.Anchor.Source))
	case e.Kind == "config" && e.Config != nil:
		return at("config.hash", checkHash(e.Config.Hash))
	case e.Kind == "device" && e.Device != nil:
		return first(at("device.device", obs.CheckID(e.Device.Device)), at("device.why", ifSet(e.Device.Why, checkWord)))
	case e.Kind == "actuation" && e.Actuation != nil:
		return at("actuation", e.Actuation.check())
	case e.Kind == "maintenance" && e.Maintenance != nil:
		return at("maintenance", e.Maintenance.check())
	case e.Kind == "unrest" && e.Unrest != nil:
		return at("unrest", e.Unrest.check())
	case e.Kind == "missing" && e.Missing != nil:
		return at("missing", e.Missing.check())
	}
	return fmt.Errorf("kind: %q is not one of gap, boot, anchor, config, device, actuation, maintenance, unrest, missing, or has another one's body", clip(e.Kind))
}

func checkHash(h string) error {
	if len(h) < 8 || len(h) > 64 || !isHex(h) {
		return fmt.Errorf("%q is not 8 to 64 hex digits", clip(h))
	}
	return nil
}

func (g *Gap) check() error {
	if g.Epoch == "" && len(g.Ranges) > 0 {
		return errors.New("ranges: they need an epoch")
	}
	err := first(at("from", g.From.check()), at("to", g.To.check()), at("why", checkWord(g.Why)),
		at("ranges", checkRanges(g.Ranges)), at("detail", short(g.Detail, MaxText)))
	if err == nil && g.Epoch != "" {
		err = at("epoch", g.Epoch.Validate())
	}
	if err == nil && g.From.Unix > 0 && g.To.Unix > 0 && g.To.Unix < g.From.Unix {
		err = fmt.Errorf("to: %d is before from: %d", g.To.Unix, g.From.Unix)
	}
	return err
}

// Validate checks the alert's words, ids, texts and lists.
func (a *Alert) Validate() error {
	err := first(checkVersion(a.V), checkSeq(a.Epoch, a.Seq), at("id", checkUUID(a.ID)),
		at("rule", obs.CheckID(a.Rule)),
		at("stage", oneOf(a.Stage, "forecast", "actual")),
		at("severity", a.Severity.Validate()), at("worst", ifSet(string(a.Worst), func(s string) error { return Severity(s).Validate() })),
		at("condition", oneOf(a.Condition, "active", "cleared")),
		at("at", a.At.check()), at("since", a.Since.check()),
		at("device", ifSet(a.Device, obs.CheckID)), at("channel", ifSet(a.Channel, obs.CheckChannel)),
		at("unit", checkUnit(a.Unit)), at("position", a.Position.check()),
		at("area", short(a.Area, 32)), at("category", short(a.Category, 32)),
		at("text", checkText(a.Text)), at("image", ifSet(a.Image, checkUUID)), at("pictures", checkPictures(a.Pictures)),
		at("evidence", few(len(a.Evidence), MaxEvidence)))
	switch {
	case err != nil:
		return err
	case a.Rev < 1:
		return fmt.Errorf("rev: %d is not a revision, they begin at 1", a.Rev)
	case (a.Condition == "cleared") != (a.Cleared != nil):
		return fmt.Errorf("cleared: belongs to condition cleared and to no other, this is %q", a.Condition)
	case a.Cleared != nil && a.Cleared.check() != nil:
		return at("cleared", a.Cleared.check())
	case a.Acknowledged != nil:
		if err := first(at("at", a.Acknowledged.At.check()), at("by", short(a.Acknowledged.By, MaxText))); err != nil {
			return at("acknowledged", err)
		}
	}
	if err := at("maintenance", a.Maintenance.check()); err != nil {
		return err
	}
	return a.checkNumbers()
}

func checkPictures(list []Picture) error {
	if err := few(len(list), MaxPictures); err != nil {
		return err
	}
	for i, p := range list {
		err := first(at("image", checkUUID(p.Image)), at("moment", checkPictured(p.Moment)))
		if err == nil && (p.SinceMS < -maxTime || p.SinceMS > maxTime) {
			err = fmt.Errorf("since_ms: %d is out of range", p.SinceMS)
		}
		if err != nil {
			return fmt.Errorf("%d: %w", i, err)
		}
	}
	return nil
}

func checkPictured(moment string) error {
	return oneOf(moment, PictureBefore, PictureAt, PictureAfter)
}

func (a *Alert) checkNumbers() error {
	for i, e := range a.Evidence {
		if _, ok := obs.FlagOf(e.QC); !ok && e.QC != 0 {
			return fmt.Errorf("evidence %d: qc: %d is not a QARTOD flag (1, 2, 3, 4, 9)", i, e.QC)
		}
		if _, err := obs.ParseStream(e.Stream); err != nil {
			return fmt.Errorf("evidence %d: n: %w", i, err)
		}
		if err := finite(e.V); err != nil || e.At < -maxTime || e.At > maxTime {
			return fmt.Errorf("evidence %d: v %g or ago_ms %d is out of range", i, e.V, e.At)
		}
	}
	if x := a.Expected; x != nil && (x.FromMS < 0 || x.ToMS < x.FromMS || x.ToMS > maxTime) {
		return fmt.Errorf("expected: %d…%d ms is no range of times ahead", x.FromMS, x.ToMS)
	}
	if c := a.Chatter; c != nil && (c.Changes < 1 || c.Since.check() != nil) {
		return fmt.Errorf("chatter: %d changes since %+v are none", c.Changes, c.Since)
	}
	for _, v := range []*float64{a.Value, a.Limit, a.Peak} {
		if v != nil && finite(*v) != nil {
			return errors.New("value, limit, peak: must be numbers")
		}
	}
	return nil
}

// Validate accepts the four severities.
func (s Severity) Validate() error {
	return oneOf(string(s), string(Red), string(Orange), string(Yellow), string(Blue))
}

// Validate checks ids, ranges and limits. A message that only says Store and
// Time is valid: it tells the gateway that somebody listens.
func (a *Ack) Validate() error {
	err := first(checkVersion(a.V), at("store", obs.CheckID(a.Store)),
		at("stored", checkRanges(a.Stored)), at("refused", few(len(a.Refused), MaxRanges)),
		at("alerts", checkRevised(a.Alerts, MaxListed)), at("images", few(len(a.Images), MaxListed)), at("echo", short(a.Echo, 80)),
		at("dictionaries", few(len(a.Dictionaries), maxDicts)))
	switch {
	case err != nil:
		return err
	case a.Epoch == "" && len(a.Stored)+len(a.Refused) > 0:
		return errors.New("epoch: stored and refused need one")
	case a.Epoch != "" && a.Epoch.Validate() != nil:
		return at("epoch", a.Epoch.Validate())
	case a.Time < 0 || a.Time > maxTime:
		return fmt.Errorf("time: %d is not a time in Unix milliseconds", a.Time)
	case a.Credit != nil && (a.Credit.Window < 1 || a.Credit.Backfill < 0):
		return fmt.Errorf("credit: window %d must be at least 1, backfill %d not negative", a.Credit.Window, a.Credit.Backfill)
	}
	for _, r := range a.Refused {
		if !r.Range.Valid() {
			return fmt.Errorf("refused: range %s is not valid", r.Range)
		}
		if err := checkWord(r.Why); err != nil {
			return at("refused: why", err)
		}
	}
	for _, id := range a.Images {
		if err := checkUUID(id); err != nil {
			return at("images", err)
		}
	}
	return nil
}

// Validate checks the connection number.
func (o *Online) Validate() error {
	if o.Conn < 1 || o.Conn > maxTime {
		return fmt.Errorf("conn: %d is not a connection number, 1 to 2^53", o.Conn)
	}
	return checkVersion(o.V)
}
