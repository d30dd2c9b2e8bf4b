// Package nmea0183 reads parts that speak NMEA 0183: positions of GNSS receivers, wind,
// and what weather transmitters measure.
//
// Sources: public notes on NMEA 0183 and the field lists of its sentences; the manuals of
// Vaisala's WXT530 and WMT700 for MWV and XDR as weather transmitters write them. The
// standard itself is sold, and was not at hand.
//
// A part writes its sentences unasked, most of them once a second, at 4800 baud, 8N1 by
// tradition (GNSS modules at 9600, fast lines at 38400; write baud). A sample waits
// until each channel was in a sentence that began after Sample was called. Read are:
//
//	GGA  position, altitude, satellites in use, horizontal dilution
//	RMC  position, speed over ground, course
//	MWV  wind, relative to the housing (R) or to north (T)
//	MWD  wind, relative to north
//	XDR  anything: groups of type, value, unit and transducer id
//
// Promised: a sentence without a checksum, or with a wrong one, is not read. An empty
// field is a reading without a value, never nought, and so are position and motion
// without a fix. Numbers are as exact as they are written: the reading is the float64
// nearest to it after units are converted. Encapsulated sentences (!) and what a part
// is asked are not for here.
package nmea0183

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/frame"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

const name = "nmea0183"

//go:embed README.md
var readme string

//go:embed sample.yaml
var sample string

// Kind returns the driver for the catalogue.
func Kind() drivers.Kind {
	return drivers.Kind{Name: name, Wire: drivers.SerialLine, Readme: readme, Sample: sample, Plan: plan}
}

type driver struct {
	talker  string // empty: any
	sources []source
	in      *frame.Reader[sentence]
}

// Sample waits until every channel was heard of, as long as the slowest sentence takes.
// Where some were and others were not when time is up, these have no value, with reason
// stale; where none was, that is an error.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	if err := d.in.Fresh(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	h := hearing{readings: make([]obs.Reading, len(d.sources)), heard: make([]bool, len(d.sources))}
	for h.count < len(d.sources) {
		s, err := d.in.Next(ctx)
		switch {
		case err == nil:
			h.take(d, s)
		case h.count > 0 && timeIsUp(err):
			return h.rest(), nil
		default:
			return nil, fmt.Errorf("%s: %w", name, d.explain(err, h.others))
		}
	}
	return h.readings, nil
}

// timeIsUp says whether err came of waiting, and not of the line or the caller.
func timeIsUp(err error) bool {
	return errors.Is(err, drivers.ErrTimeout) || errors.Is(err, drivers.ErrChecksum) || errors.Is(err, drivers.ErrProtocol)
}

// explain says what came instead of what is read.
func (d *driver) explain(err error, others []string) error {
	if !errors.Is(err, drivers.ErrTimeout) || len(others) == 0 {
		return err
	}
	var kinds []string
	for _, s := range d.sources {
		kinds = append(kinds, s.kinds...)
	}
	slices.Sort(kinds)
	who := ""
	if d.talker != "" {
		who = " of talker " + d.talker
	}
	return fmt.Errorf("%w: %s came and no %s%s; set measures to what the part sends",
		drivers.ErrProtocol, strings.Join(others, ", "), strings.Join(slices.Compact(kinds), " or "), who)
}

// hearing is what one sample has heard.
type hearing struct {
	readings []obs.Reading
	heard    []bool
	count    int
	others   []string // sentences that told nothing, each once
}

// mostOthers bounds what is remembered of a line that tells nothing.
const mostOthers = 8

// take takes what a sentence tells of channels that were not heard of yet.
func (h *hearing) take(d *driver, s sentence) {
	told := false
	if d.talker == "" || d.talker == s.talker {
		for i, src := range d.sources {
			v, ok := src.in(s)
			told = told || ok
			if ok && !h.heard[i] {
				h.readings[i], h.heard[i] = v.reading(src.Channel), true
				h.count++
			}
		}
	}
	if word := s.talker + s.kind; !told && len(h.others) < mostOthers && !slices.Contains(h.others, word) {
		h.others = append(h.others, word)
	}
}

// rest returns the readings, without a value where nothing was heard.
func (h *hearing) rest() []obs.Reading {
	for i, heard := range h.heard {
		if !heard {
			h.readings[i] = obs.None(obs.Stale)
		}
	}
	return h.readings
}

// Close does nothing: the part goes on talking to itself.
func (d *driver) Close() error { return nil }
