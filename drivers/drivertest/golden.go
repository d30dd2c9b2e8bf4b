package drivertest

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// golden feeds each testdata/*.frame to a device of its own, and says how many
// there are.
func (b bench) golden(t *testing.T) int {
	t.Helper()
	files, err := filepath.Glob("testdata/*.frame")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 && b.Kind.Wire == drivers.SerialLine {
		t.Error("no golden frames: testdata/*.frame")
	}
	for _, file := range files {
		p := Load(t, file)
		t.Run("golden/"+p.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if err := b.goldenFrame(t.Context(), p); err != nil {
					t.Error(err)
				}
			})
		})
	}
	return len(files)
}

func (b bench) goldenFrame(ctx context.Context, p Part) error {
	good := b.Good
	b.Good = p
	port := b.emits(Chunk{At: time.Millisecond, Bytes: p.Frame})
	d, err := b.openPort(port)
	if err != nil {
		return err
	}
	for _, name := range channelNames(d.plan) {
		if !strings.Contains(b.Kind.Readme, "`"+name+"`") {
			return fmt.Errorf("README.md does not name `%s`", name)
		}
	}
	if p.WantFault == "" {
		return b.must(ctx, d, p)
	}
	rs, err := d.sample(ctx)
	if err := b.refused(rs, err); err != nil {
		return err
	}
	if got := drivers.FaultWord(err); got != p.WantFault {
		return fmt.Errorf("ends with fault %s (%w), want %s", got, err, p.WantFault)
	}
	if p.Options != good.Options {
		return nil
	}
	port.plug(playSerial(d.plan, good).(*Port))
	return b.must(ctx, d, good) // a foreign or damaged frame must not leave a mark
}
