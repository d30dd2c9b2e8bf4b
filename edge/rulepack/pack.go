package rulepack

import (
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Pack is one file of rules.
type Pack struct {
	ID       string // its file's name without .yaml
	File     string // as messages name it
	Own      bool   // of a site's folder
	Replaces bool   // own, in place of a built-in one
	Name     obs.Label
	Rules    []*Rule       // in the order of the file
	Tests    *yamldoc.Node // its unit tests, as they stand; an empty node if there are none
}

// Rule is one rule of a pack.
type Rule struct {
	ID         string
	Pack       *Pack
	About      obs.Label
	Standards  []Standard
	Parameters []Parameter // in the order of the file
	// How many severities it has: none for a rule with when.
	Severities []string
	Forecasts  bool

	keys ruleKeys
	node *yamldoc.Node
}

// Severity is that of a rule without levels; empty with them.
func (r *Rule) Severity() string {
	if len(r.Severities) > 0 {
		return ""
	}
	return r.keys.Severity
}

// Standard is where a rule's figures come from.
type Standard struct {
	Number string    `yaml:"number"` // with its edition: GB 3095-2026; empty: no standard, a practice
	Name   obs.Label `yaml:"name,required"`
	Clause string    `yaml:"clause"`
	Says   obs.Label `yaml:"says,required"` // what is taken from it
	// Unsure says that nobody has compared this with the printed text.
	Unsure bool `yaml:"unsure"`
}

// The kinds of parameters.
const (
	Stream   = "stream"
	Number   = "number"
	Duration = "duration"
)

// Parameter is what a site may or must say.
type Parameter struct {
	Name     string
	Is       string       // Stream, Number or Duration
	Metric   obs.Metric   // of a stream
	Also     []obs.Metric // others that a stream may have, of the same unit
	Unit     string       // of a number, as people write it; empty: a plain number
	Default  string       // as it is written; empty: it must be given, unless Optional
	Example  string       // of what has no default: for pages and tests
	Min, Max *float64     // of a number; of a duration in seconds; nil: any
	Optional bool
	About    obs.Label
}

type packKeys struct {
	Name  obs.Label           `yaml:"name,required"`
	Rules map[string]ruleKeys `yaml:"rules,required"`
	Tests *yamldoc.Node       `yaml:"tests"`
}

type ruleKeys struct {
	About      obs.Label            `yaml:"about,required"`
	Standards  []Standard           `yaml:"standards"`
	Parameters map[string]paramKeys `yaml:"parameters,required"`
	When       string               `yaml:"when"`
	For        timing               `yaml:"for"`
	Clear      string               `yaml:"clear"`
	ClearFor   timing               `yaml:"clear_for"`
	Severity   string               `yaml:"severity"`
	Category   string               `yaml:"category"`
	Message    obs.Label            `yaml:"message"`
	Levels     map[string]levelKeys `yaml:"levels"`
	Forecast   *forecastKeys        `yaml:"forecast"`
}

type paramKeys struct {
	Is       string    `yaml:"is,required"`
	Metric   string    `yaml:"metric"`
	Also     []string  `yaml:"also"`
	Unit     string    `yaml:"unit"`
	Default  string    `yaml:"default"`
	Example  string    `yaml:"example"`
	Min      string    `yaml:"min"`
	Max      string    `yaml:"max"`
	Optional bool      `yaml:"optional"`
	About    obs.Label `yaml:"about,required"`
}

type levelKeys struct {
	When     string `yaml:"when,required"`
	For      timing `yaml:"for"`
	Clear    string `yaml:"clear"`
	ClearFor timing `yaml:"clear_for"`
}

type forecastKeys struct {
	Within   timing    `yaml:"within,required"`
	Window   timing    `yaml:"window,required"`
	Method   string    `yaml:"method"`
	Severity string    `yaml:"severity"`
	Message  obs.Label `yaml:"message"`
}

// timing is a duration, or the parameter that says it.
type timing struct {
	is   time.Duration
	name string // of a parameter; empty: is counts
}

// UnmarshalNode reads 5m or for.
func (t *timing) UnmarshalNode(n *yamldoc.Node) error {
	if n.Kind() == yamldoc.Scalar && isName(n.Text()) {
		t.name = n.Text()
		return nil
	}
	return n.Decode(&t.is)
}
