package gateway

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/process"
	"github.com/lamppost-city/lamppost/edge/overlay"
)

// DrawArgument is the word after ApartCommand that makes this program draw into one picture;
// see ServeDraw.
const DrawArgument = "draw"

// Bounds of a process that draws.
const (
	drawMemory = 120_000_000 // bytes resident: the program, and a picture of the largest size
	drawTime   = 5 * time.Second
	maxCaption = 256 << 10 // bytes of a caption, written as JSON
	maxPicture = 32 << 20  // bytes of a picture, before and after
)

// drawApart draws into the picture of a camera that runs apart, in a process of its own that
// ends with it: such a picture is decoded nowhere in the gateway.
func drawApart(ctx context.Context, jpeg []byte, c overlay.Caption) ([]byte, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("draw into a picture: %w", err)
	}
	head, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("draw into a picture: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, drawTime)
	defer cancel()
	return process.Filter(ctx, drivers.ProcessSpec{Command: []string{program, ApartCommand, DrawArgument}, Memory: drawMemory,
		Env: []string{fmt.Sprintf("GOMEMLIMIT=%d", drawMemory*3/4), "GOMAXPROCS=1"}}, bytes.Join([][]byte{head, jpeg}, []byte("\n")), maxPicture)
}

// ServeDraw is such a process: in is a caption in one line of JSON and a JPEG behind it, out
// gets the JPEG with what was drawn into it.
func ServeDraw(in io.Reader, out io.Writer) error {
	r := bufio.NewReaderSize(io.LimitReader(in, maxCaption+maxPicture), maxCaption)
	head, err := r.ReadSlice('\n')
	if err != nil {
		return fmt.Errorf("draw: no caption came: %w", err)
	}
	var c overlay.Caption
	if err := json.Unmarshal(head, &c); err != nil {
		return fmt.Errorf("draw: the caption is no JSON: %w", err)
	}
	jpeg, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("draw: %w", err)
	}
	drawn, err := overlay.Draw(jpeg, c)
	if err != nil {
		return err
	}
	_, err = out.Write(drawn)
	return err
}
