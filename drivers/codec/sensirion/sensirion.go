// Package sensirion is the form in which Sensirion's I2C parts (SHT3x, SCD4x and their
// kin) write what goes over the wire: commands of 16 bits, and words of 16 bits with a
// checksum behind each, both high byte first. It does no I/O; when a part may be read
// again, and what a missing acknowledgement means, is its driver's business.
//
// Sources: Sensirion SHT3x-DIS data sheet, sections 4.3 to 4.13; SCD4x data sheet,
// sections 3.3 to 3.5 and 3.12.
package sensirion

import (
	"errors"
	"fmt"
	"math"
)

// ErrChecksum is wrapped by Words where a word's checksum is wrong, ErrLength where the
// bytes are no whole words.
var (
	ErrChecksum = errors.New("checksum of a word is wrong")
	ErrLength   = errors.New("not a whole number of words")
)

// WordLen is the length of a word on the wire: two bytes and their checksum.
const WordLen = 3

// CRC is the checksum of a word: polynomial 0x31, initially 0xFF, not reflected, no
// final XOR.
func CRC(high, low byte) byte {
	sum := byte(0xff)
	for _, b := range [2]byte{high, low} {
		sum ^= b
		for range 8 {
			if sum&0x80 != 0 {
				sum = sum<<1 ^ 0x31
			} else {
				sum <<= 1
			}
		}
	}
	return sum
}

// Command appends a command, and the words that belong to it, each with its checksum.
func Command(b []byte, command uint16, words ...uint16) []byte {
	b = append(b, byte(command>>8), byte(command))
	for _, w := range words {
		b = append(b, byte(w>>8), byte(w), CRC(byte(w>>8), byte(w)))
	}
	return b
}

// Words reads words with their checksums into to, as many as fit there. b must hold
// exactly those; after an error nothing in to may be used.
func Words(b []byte, to []uint16) error {
	if len(b) != WordLen*len(to) {
		return fmt.Errorf("%w: %d bytes, want %d", ErrLength, len(b), WordLen*len(to))
	}
	for i := range to {
		w := b[WordLen*i : WordLen*(i+1)]
		if got := CRC(w[0], w[1]); got != w[2] {
			return fmt.Errorf("%w: word %d is % X, its checksum would be %02X", ErrChecksum, i+1, w, got)
		}
		to[i] = uint16(w[0])<<8 | uint16(w[1])
	}
	return nil
}

// Celsius is a raw temperature in °C, -45 to 130, rounded to a hundredth: the part's own
// step is 0.0027.
func Celsius(raw uint16) float64 { return hundredth(-45 + 175*float64(raw)/math.MaxUint16) }

// Percent is a raw relative humidity in %, 0 to 100, rounded to a hundredth: the part's
// own step is 0.0015.
func Percent(raw uint16) float64 { return hundredth(100 * float64(raw) / math.MaxUint16) }

func hundredth(v float64) float64 { return math.Round(v*100) / 100 }
