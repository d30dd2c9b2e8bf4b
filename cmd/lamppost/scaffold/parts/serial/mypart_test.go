package mypart

import (
	"testing"

	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

// What every driver promises, and what this part answers.
func TestConformance(t *testing.T) {
	drivertest.Run(t, drivertest.Config{
		Kind:   Kind(),
		Good:   drivertest.Load(t, "testdata/room.frame"),
		Beyond: drivertest.Load(t, "testdata/too-hot.frame"),
	})
}
