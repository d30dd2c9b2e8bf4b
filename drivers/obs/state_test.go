package obs

import "testing"

// What situations look like in the signs of others: HJ 212-2017's letters, OPC UA's
// status codes.
func TestStatesInOtherWords(t *testing.T) {
	for _, c := range []struct {
		name   string
		q      Quality
		state  State
		letter string
		ua     uint32
	}{
		{"normal", Quality{Flag: Pass}, StateOK, "N", 0},
		{"just arrived, spike pending", Quality{}, StateOK, "N", 0},
		{"unusual for the metric", Quality{Suspect, Range}, StateOK, "N", 0x40940000},
		{"unusual for the season", Quality{Suspect, Climatology}, StateOK, "N", 0x40940000},
		{"too fast", Quality{Suspect, Rate}, StateOK, "N", 0x40000000},
		{"beside its neighbour", Quality{Suspect, Neighbour}, StateOK, "N", 0x40000000},
		{"beyond the sensor", Quality{Fail, Range}, StateBeyond, "T", 0x80000000},
		{"stuck", Quality{Fail, Flat}, StateOK, "N", 0x80000000},
		{"too quiet", Quality{Fail, Attenuated}, StateOK, "N", 0x80000000},
		{"damaged frame", Quality{Missing, "checksum"}, StateDamaged, "B", 0x80050000},
		{"no answer", Quality{Missing, "timeout"}, StateNoAnswer, "B", 0x80310000},
		{"fault bit", Quality{Fail, Instrument}, StateFault, "D", 0x808B0000},
		{"maintenance", Quality{Fail, Maintenance}, StateMaintenance, "M", 0x808D0000},
		{"calibration", Quality{Fail, Calibration}, StateCalibrating, "C", 0x808D0000},
		{"warming up", Quality{Fail, WarmUp}, StateWarming, "F", 0x40920000},
	} {
		s := StateOf(c.q)
		letter, ok := Sign(HJ2122017, s)
		if s != c.state || !ok || letter != c.letter || StatusCode(s, c.q) != c.ua {
			t.Errorf("%s: %s, %s, %#08x, want %s, %s, %#08x", c.name, s, letter, StatusCode(s, c.q), c.state, c.letter, c.ua)
		}
	}
	if code := StatusCode(StateManual, Quality{}); code != 0x00960000 {
		t.Errorf("typed in: %#08x", code)
	}
	if code := StatusCode(StateStopped, Quality{Missing, Instrument}); code != 0x808D0000 {
		t.Errorf("stopped: %#08x", code)
	}
	if _, ok := Sign("HJ 212-2025", StateOK); ok {
		t.Error("an edition that was never read has a table")
	}
}

// Each letter that can be read is one that can be told, and means the same both ways.
func TestSignsReadBack(t *testing.T) {
	for _, letter := range []string{"N", "F", "M", "S", "D", "C", "T", "B"} {
		s, q, ok := ReadSign(HJ2122017, letter)
		if !ok {
			t.Errorf("%s is not known", letter)
			continue
		}
		if back, _ := Sign(HJ2122017, s); back != letter {
			t.Errorf("%s reads as %s, which is told as %s", letter, s, back)
		}
		if usable := letter == "N" || letter == "S"; q.Usable() != usable {
			t.Errorf("%s: %v, usable %v, want %v", letter, q, q.Usable(), usable)
		}
	}
	if _, _, ok := ReadSign(HJ2122017, "X"); ok {
		t.Error("X is a letter")
	}
}

// Where one letter must do: B > F > D > C > M > T > S > N.
func TestGravest(t *testing.T) {
	order := []string{"B", "F", "D", "C", "M", "T", "S", "N"}
	for i, a := range order {
		for _, b := range order[i:] {
			x, _, _ := ReadSign(HJ2122017, a)
			y, _, _ := ReadSign(HJ2122017, b)
			if got, _ := Sign(HJ2122017, Gravest(y, x)); got != a {
				t.Errorf("%s and %s give %s", a, b, got)
			}
		}
	}
	if Gravest() != StateOK {
		t.Errorf("none gives %s", Gravest())
	}
}

func TestExceptionState(t *testing.T) {
	for code, want := range map[uint8]State{1: StateOK, 2: StateOK, 3: StateOK, 4: StateFault, 5: StateOK, 6: StateOK, 8: StateFault, 10: StateNoAnswer, 11: StateNoAnswer} {
		if got := ExceptionState(code); got != want {
			t.Errorf("exception %d: %s, want %s", code, got, want)
		}
	}
}
