//go:build linux

package serial

import (
	"errors"
	"fmt"

	tarm "github.com/tarm/serial"
	"golang.org/x/sys/unix"

	"github.com/lamppost-city/lamppost/drivers"
)

// tarmConfig says to tarm/serial as much as it has words for; settle sets the rest.
func tarmConfig(path string, s drivers.LineSettings) *tarm.Config {
	parity := map[string]tarm.Parity{"even": tarm.ParityEven, "odd": tarm.ParityOdd}
	c := &tarm.Config{Name: path, Baud: s.Baud, Size: byte(s.DataBits), Parity: tarm.ParityNone, StopBits: tarm.StopBits(s.StopBits)}
	if p, ok := parity[s.Parity]; ok {
		c.Parity = p
	}
	if !Usual(c.Baud) {
		c.Baud = 9600
	}
	return c
}

// settle sets what tarm/serial cannot, and looks whether the line took all of it.
//
// VMIN=1, VTIME=0: with VMIN=0 a non-blocking read of an empty line returns 0 bytes,
// which means hang-up.
func (p *port) settle(s drivers.LineSettings, ownBreaks bool) error {
	var t unix.Termios
	if err := p.settings(unix.TCGETS2, unix.TCGETS, &t); err != nil {
		return err
	}
	if ownBreaks {
		t.Iflag |= unix.IGNBRK
	}
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	if !Usual(s.Baud) {
		t.Cflag = t.Cflag&^unix.CBAUD | unix.BOTHER
		t.Ispeed, t.Ospeed = uint32(s.Baud), uint32(s.Baud)
	}
	t.Cflag = t.Cflag&^parityBits | parityFlags(s.Parity)
	if err := p.settings(unix.TCSETS2, former(s), &t); err != nil {
		return fmt.Errorf("set to %s: %w", text(s), err)
	}
	if p.pseudo() {
		return nil // it stores a speed and refuses parity; nothing goes over a wire
	}
	var got unix.Termios
	if err := p.settings(unix.TCGETS2, unix.TCGETS, &got); err != nil {
		return err
	}
	return refused(s, got)
}

// settings reads or writes the line's settings; where the kernel does not know the
// request, as with an emulated one, by the former request, which knows no speeds but the
// usual ones. The former structure is the beginning of the later one.
func (p *port) settings(request, former uint, t *unix.Termios) error {
	err := ask(p, request, t)
	if errors.Is(err, unix.ENOSYS) && former != 0 {
		return ask(p, former, t)
	}
	return err
}

// former is the request that sets a line where the later one is not known; 0: there is
// none for this speed.
func former(s drivers.LineSettings) uint {
	if !Usual(s.Baud) {
		return 0
	}
	return unix.TCSETS
}

const parityBits = unix.PARENB | unix.PARODD | unix.CMSPAR

func parityFlags(parity string) uint32 {
	return map[string]uint32{"even": unix.PARENB, "odd": unix.PARENB | unix.PARODD,
		"mark": unix.PARENB | unix.PARODD | unix.CMSPAR, "space": unix.PARENB | unix.CMSPAR}[parity]
}

// refused names what a line was asked for and did not take. Drivers do not fail then:
// they change the settings back, and would talk past every slave.
func refused(s drivers.LineSettings, got unix.Termios) error {
	size := map[int]uint32{7: unix.CS7, 8: unix.CS8}[s.DataBits]
	off := int(got.Ospeed) - s.Baud
	switch {
	case got.Ospeed != 0 && max(off, -off)*1000 > s.Baud*maxOff:
		return fmt.Errorf("this port cannot run at %d bit/s (it would at %d); choose another speed, or another adapter", s.Baud, got.Ospeed)
	case got.Cflag&parityBits != parityFlags(s.Parity):
		return fmt.Errorf("this port cannot have parity %s; set another one here and at the devices, or use another adapter", s.Parity)
	case got.Cflag&unix.CSIZE != size:
		return fmt.Errorf("this port cannot have %d data bits; use another adapter", s.DataBits)
	case (got.Cflag&unix.CSTOPB != 0) != (s.StopBits == 2):
		return fmt.Errorf("this port cannot have %d stop bits; set another number here and at the devices, or use another adapter", s.StopBits)
	}
	return nil
}

// maxOff is how many thousandths the speed may be off. Two UARTs that differ by
// four or five hundredths lose each other within a character.
const maxOff = 25

// text writes settings as people do: "9600 8N1".
func text(s drivers.LineSettings) string {
	letter := map[string]string{"none": "N", "even": "E", "odd": "O", "mark": "M", "space": "S"}[s.Parity]
	return fmt.Sprintf("%d %d%s%d", s.Baud, s.DataBits, letter, s.StopBits)
}

// own keeps others out, but not of a pseudo terminal: there the mark would outlive
// this program as long as the other end is open, and a gateway that is not root would
// never get back in.
func (p *port) own() error {
	if p.pseudo() {
		return nil
	}
	if err := p.tell(unix.TIOCEXCL); err != nil && !errors.Is(err, unix.ENOTTY) {
		return err
	}
	return nil
}

// pseudo says whether a port is a pseudo terminal (Linux devices.txt: majors 136 to
// 143).
func (p *port) pseudo() bool {
	m := unix.Major(p.rdev)
	return m >= 136 && m <= 143
}
