package pace_test

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/pace"
)

// The times of a character and of frames, from the table of RTU timings with ten
// bits instead of eleven.
func TestCharacters(t *testing.T) {
	for _, c := range []struct {
		n, baud int
		want    time.Duration
	}{{1, 1000, 10 * time.Millisecond}, {96, 9600, 100 * time.Millisecond}, {0, 9600, 0}, {1152, 115200, 100 * time.Millisecond}} {
		if got := pace.Characters(c.n, c.baud); got != c.want {
			t.Errorf("Characters(%d, %d) = %v, want %v", c.n, c.baud, got, c.want)
		}
	}
}

func TestSendTakesItsTime(t *testing.T) {
	for _, baud := range []int{1200, 9600, 115200} {
		synctest.Test(t, func(t *testing.T) {
			frame := bytes.Repeat([]byte{0x42}, 32)
			begin, writes := time.Now(), 0
			var got []byte
			whole := pace.Send(func(b []byte) int {
				got, writes = append(got, b...), writes+1
				if early := pace.Characters(len(got), baud) - time.Since(begin); early > time.Microsecond {
					t.Errorf("%d baud: %d bytes left %v too early", baud, len(got), early)
				}
				return len(b)
			}, baud, frame)
			took, want := time.Since(begin), pace.Characters(32, baud)
			if !whole || !bytes.Equal(got, frame) || took > want+time.Microsecond || took < want-time.Microsecond {
				t.Errorf("%d baud: whole %v, % X, in %v, want %v", baud, whole, got, took, want)
			}
			if baud == 9600 && writes < 4 {
				t.Errorf("32 bytes in %d writes: a reader never sees a part of a frame", writes)
			}
		})
	}
}

func TestSendStopsWhereNobodyListens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		writes := 0
		whole := pace.Send(func(b []byte) int { writes++; return len(b) - 1 }, 9600, make([]byte, 100))
		if whole || writes != 1 {
			t.Errorf("whole %v after %d writes, want it to stop at the first", whole, writes)
		}
	})
}
