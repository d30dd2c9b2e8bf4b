package gateway

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	bushost "github.com/lamppost-city/lamppost/drivers/bus/host"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/status"
)

// openBoard makes the board as a wire. root is the folder that sys and proc are in; empty:
// /. data is the folder that an empty path of a file system stands for; it may be a
// relative one, as journal.dir may be.
func openBoard(root, data string, trace func(bool, []byte, time.Time)) (*line, error) {
	data, err := filepath.Abs(data)
	if err != nil {
		return nil, fmt.Errorf("journal.dir: %w; write the whole path", err)
	}
	b, err := bushost.New(bushost.Config{Root: root, Data: data, Trace: trace})
	if err != nil {
		return nil, err
	}
	return &line{path: boardPlace(root), close: b.Close,
		lend: func(d config.Device) (drivers.Driver, error) { return d.Plan.OpenHost(b) },
		look: func() status.Line {
			h := b.Health()
			return status.Line{Frames: h.Reads, Timeouts: h.Stuck, Unplugged: h.Fault != nil}
		}}, nil
}

// boardPlace says where the board's files are.
func boardPlace(root string) string {
	return filepath.Join("/", root, "sys") + ", " + filepath.Join("/", root, "proc")
}
