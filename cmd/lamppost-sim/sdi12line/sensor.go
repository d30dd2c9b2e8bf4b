package sdi12line

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// Sensor is one sensor on a line. Its fields may be changed with Set while it is served.
type Sensor struct {
	Address byte
	ID      string        // what it says of itself, 13… first
	Takes   time.Duration // a measurement, whole seconds; 0: the values are there at once
	Values  []string      // what it measures, with signs: "+21.4"
	Silent  bool
	Damaged bool // a character of the values is wrong, the checksum is not
	Aborts  bool // it gives up while it measures

	mu   sync.Mutex
	data []string // of the last measurement
	crc  bool     // the values of the last measurement come with a checksum
	long bool     // they may be 75 characters long, not 35
}

// Set changes the sensor.
func (s *Sensor) Set(change func(*Sensor)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// answer is what the sensor says to a command that it has heard at a time. aborts says
// that the command was for it: what it was about to say is not said any more.
func (s *Sensor) answer(heard []byte, at time.Time) (says []say, aborts bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := strings.TrimLeftFunc(string(heard), func(r rune) bool { return r <= ' ' || r > '~' }) // noise
	switch {
	case s.Silent:
		return nil, false
	case text == "?":
		return []say{{sensor: s, at: at.Add(marking), text: []byte{s.Address}}}, true
	case text == "" || text[0] != s.Address:
		return nil, false
	}
	reply, call := s.reply(text[1:])
	if reply == nil {
		return nil, false
	}
	says = []say{{sensor: s, at: at.Add(marking), text: reply}}
	if call {
		says = append(says, say{sensor: s, at: at.Add(s.Takes), text: []byte{s.Address}, call: true})
	}
	return says, true
}

// reply carries a command out. s.mu is held.
func (s *Sensor) reply(command string) (text []byte, call bool) {
	line := func(rest string) []byte { return []byte(string(s.Address) + rest) }
	letters, number := command, 0
	if n := len(command); n > 0 && command[n-1] >= '0' && command[n-1] <= '9' {
		letters, number = command[:n-1], int(command[n-1]-'0')
	}
	switch letters {
	case "":
		return line(""), false
	case "I":
		return line(s.ID), false
	case "M", "MC", "C", "CC":
		return line(s.begin(letters, number)), letters[0] == 'M' && s.Takes > 0 && number == 0
	case "D":
		return s.values(s.part(number), s.crc), false
	case "R", "RC":
		if number > 0 {
			return line(""), false
		}
		s.long = true
		return s.values(s.Values, letters == "RC"), false
	}
	if len(command) == 2 && command[0] == 'A' {
		s.Address = command[1]
		return line(""), false
	}
	return nil, false // no command: it says nothing
}

// begin starts a measurement and announces it.
func (s *Sensor) begin(letters string, number int) string {
	s.data, s.crc, s.long = s.Values, strings.HasSuffix(letters, "C") && len(letters) == 2, letters[0] == 'C'
	digits := 1
	if s.long {
		digits = 2
	}
	if number > 0 {
		s.data = nil
		return fmt.Sprintf("000%0*d", digits, 0)
	}
	if s.Aborts {
		s.data = nil
	}
	return fmt.Sprintf("%03d%0*d", int(s.Takes/time.Second), digits, len(s.Values))
}

// part returns the values of the n-th data command: as many as fit, behind those of the
// ones before.
func (s *Sensor) part(n int) (values []string) {
	room := 35
	if s.long {
		room = 75
	}
	left := s.data
	for range n + 1 {
		values = nil
		for size := 0; len(left) > 0 && size+len(left[0]) <= room; left = left[1:] {
			size += len(left[0])
			values = append(values, left[0])
		}
	}
	return values
}

func (s *Sensor) values(values []string, crc bool) []byte {
	text := []byte(string(s.Address) + strings.Join(values, ""))
	if crc {
		text = seal(text)
	}
	if s.Damaged && len(values) > 0 {
		text[len(text)/2] ^= 1
	}
	return text
}

// seal appends the checksum of a text, CRC-16 with polynomial 0x8005 reflected and
// beginning with 0, as three characters.
func seal(text []byte) []byte {
	var crc uint16
	for _, c := range text {
		crc ^= uint16(c)
		for range 8 {
			low := crc & 1
			crc >>= 1
			if low != 0 {
				crc ^= 0xA001
			}
		}
	}
	return append(text, '@'+byte(crc>>12), '@'+byte(crc>>6&63), '@'+byte(crc&63))
}
