package boardlab

import (
	"fmt"
	"strings"
	"testing"
)

// Lines of the lab's GPIO chip, whose label is gpioLabel, by number; each has the name
// that the configuration uses.
const (
	gpioLabel = "lab-gpio"
	flowLine  = 0 // GPIO17: pulses
	doorLine  = 1 // GPIO22: a contact to ground
	sirenLine = 2 // GPIO27: an output
)

var lineNames = []string{flowLine: "GPIO17", doorLine: "GPIO22", sirenLine: "GPIO27"}

// fitGPIO makes the chip, as the kernel's documentation of gpio-sim says, and finds out
// where its lines can be moved.
func (l *lab) fitGPIO() {
	l.t.Helper()
	const chip = "/sys/kernel/config/gpio-sim/lab"
	const bank = chip + "/bank0"
	l.board.make(bank)
	l.board.write(bank+"/num_lines", fmt.Sprint(len(lineNames)))
	l.board.write(bank+"/label", gpioLabel)
	for n, name := range lineNames {
		l.board.make(fmt.Sprint(bank, "/line", n))
		l.board.write(fmt.Sprint(bank, "/line", n, "/name"), name)
	}
	l.board.write(chip+"/live", "1")
	l.gpio = strings.Join([]string{"/sys/devices/platform", l.board.read(chip + "/dev_name"), l.board.read(bank + "/chip_name")}, "/")
	l.board.write(l.pull(doorLine), "pull-down") // the door is closed
}

// pull is the file that moves a line, level the one that says where it stands.
func (l *lab) pull(line int) string  { return fmt.Sprint(l.gpio, "/sim_gpio", line, "/pull") }
func (l *lab) level(line int) string { return fmt.Sprint(l.gpio, "/sim_gpio", line, "/value") }

// A contact is read through periph, a rule sees it open, and a real output line moves;
// and back.
func (l *lab) levels(t *testing.T) {
	t.Parallel()
	l = l.in(t)
	for range 2 {
		mark := l.heard.mark()
		l.board.write(l.pull(doorLine), "pull-up") // the contact opens
		l.heard.next(t, mark, "door", "contact", is(0))
		l.stands(t, sirenLine, "1")
		l.board.write(l.pull(doorLine), "pull-down") // the contact closes to ground: active is low
		l.heard.next(t, mark, "door", "contact", is(1))
		l.stands(t, sirenLine, "0")
	}
}

// stands waits until a line of the chip has a level.
func (l *lab) stands(t *testing.T, line int, level string) {
	t.Helper()
	defer func() {
		if t.Failed() {
			page, err := l.status()
			t.Logf("the page said last: outputs %+v, alerts %+v (%v); the gateway:\n%s", page.Outputs, page.Alerts, err, l.log())
		}
	}()
	eventually(t, lineNames[line]+" at "+level, func() bool { return l.board.read(l.level(line)) == level })
}
