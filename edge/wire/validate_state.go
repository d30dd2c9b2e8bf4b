package wire

import (
	"errors"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Validate checks words, ids and limits of the state and all that is in it.
func (s *State) Validate() error {
	err := first(checkVersion(s.V), at("version", short(s.Version, maxLabel)), at("boot", checkBoot(s.Boot)),
		at("epoch", s.Epoch.Validate()), at("config", ifSet(s.Config, checkHash)),
		at("at", s.At.check()), at("started", s.Started.check()),
		at("clock", oneOf(s.Clock, "synced", "held", "unsynced")), at("site", s.Site.check()),
		at("devices", few(len(s.Devices), MaxDevices)), at("health", few(len(s.Health), MaxListed)),
		at("alerts", checkRevised(s.Alerts, MaxActive)), at("journal", s.Journal.check()))
	if err != nil {
		return err
	}
	for i := range s.Devices {
		if err := s.Devices[i].check(); err != nil {
			return fmt.Errorf("devices %d: %w", i, err)
		}
	}
	for i := range s.Health {
		if err := s.Health[i].check(); err != nil {
			return fmt.Errorf("health %d: %w", i, err)
		}
	}
	return nil
}

func (s *Site) check() error {
	return first(at("name", short(s.Name, maxLabel)), at("area", short(s.Area, 32)),
		at("position", s.Position.check()), at("language", short(s.Language, 16)), at("time_zone", ifSet(s.TimeZone, checkZone)))
}

// checkZone judges a zone as it is written: +08:00, from -12:00 to +14:00.
func checkZone(s string) error {
	t, err := time.Parse("-07:00", s)
	if _, east := t.Zone(); err != nil || east < -12*3600 || east > 14*3600 {
		return fmt.Errorf("%.16q is no time zone; +08:00 is one", s)
	}
	return nil
}

func (d *DeviceState) check() error {
	err := first(at("id", obs.CheckID(d.ID)), at("driver", short(d.Driver, maxLabel)),
		at("profile", short(d.Profile, maxLabel)), at("bus", short(d.Bus, maxLabel)), at("address", short(d.Address, maxLabel)),
		at("channels", few(len(d.Channels), MaxListed)), at("state", oneOf(d.State, "ok", "silent", "fault", "waiting")),
		at("fault", ifSet(d.Fault, checkWord)), at("note", short(d.Note, MaxText)), at("upkeep", d.Upkeep.check()))
	if err == nil && (d.EveryMS < 0 || d.EveryMS > maxTime) {
		err = fmt.Errorf("every_ms: %d is not an interval", d.EveryMS)
	}
	for _, c := range d.Channels {
		err = first(err, obs.CheckChannel(c))
	}
	return err
}

func (h *Health) check() error {
	return first(at("id", checkWord(h.ID)), at("level", oneOf(h.Level, "info", "warn", "fail")),
		at("about", short(h.About, maxLabel)), at("text", checkText(h.Text)))
}

func (j *JournalState) check() error {
	if j.Bytes < 0 || j.Quota < 0 || j.OldestMS < 0 || j.CommitMS < 0 {
		return errors.New("sizes and times are not negative")
	}
	return nil
}
