package drivertest

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// A number without a range is found wherever it hides; a text and what reads itself have
// none.
func TestNumbersWithoutARange(t *testing.T) {
	type limits struct {
		Idle time.Duration `yaml:"idle"`
		Most *float64      `yaml:"most" range:"0..1 m"`
	}
	got := unbounded(reflect.TypeFor[*struct {
		Name   string             `yaml:"name"`
		Height *float64           `yaml:"height"`
		Sizes  []int              `yaml:"sizes"`
		By     map[string]float64 `yaml:"by"`
		Memory yamldoc.Size       `yaml:"memory"`
		Judged int                `yaml:"judged" range:"-"`
		Own    time.Time          `yaml:"own"`
		Not    int                `yaml:"-"`
		Limits limits             `yaml:",inline"`
	}]())
	if want := []string{"height", "sizes", "by", "memory", "idle"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
