package obs

import "testing"

// What situations look like in the signs of others: HJ 212-2017's letters.
func TestStatesInOtherWords(t *testing.T) {
	for _, c := range []struct {
		name   string
		q      Quality
		state  State
		letter string
	}{
		{"normal", Quality{Flag: Pass}, StateOK, "N"},
		{"just arrived, spike pending", Quality{}, StateOK, "N"},
		{"unusual for the metric", Quality{Suspect, Range}, StateOK, "N"},
		{"unusual for the season", Quality{Suspect, Climatology}, StateOK, "N"},
		{"too fast", Quality{Suspect, Rate}, StateOK, "N"},
		{"beside its neighbour", Quality{Suspect, Neighbour}, StateOK, "N"},
		{"beyond the sensor", Quality{Fail, Range}, StateBeyond, "T"},
		{"stuck", Quality{Fail, Flat}, StateOK, "N"},
		{"too quiet", Quality{Fail, Attenuated}, StateOK, "N"},
		{"damaged frame", Quality{Missing, "checksum"}, StateDamaged, "B"},
		{"no answer", Quality{Missing, "timeout"}, StateNoAnswer, "B"},
		{"fault bit", Quality{Fail, Instrument}, StateFault, "D"},
		{"unplugged", Quality{Missing, "unplugged"}, StateNoAnswer, "B"},
		{"its line is in use", Quality{Missing, "busy"}, StateNoAnswer, "B"},
		{"nobody could ask", Quality{Missing, "error"}, StateNoAnswer, "B"},
		{"switched off", Quality{Fail, SwitchedOff}, StateStopped, "F"},
		{"typed in", Quality{NotEvaluated, Manual}, StateManual, "S"},
		{"no echo", Quality{Missing, NoEcho}, StateOK, "N"},
		{"maintenance", Quality{Fail, Maintenance}, StateMaintenance, "M"},
		{"calibration", Quality{Fail, Calibration}, StateCalibrating, "C"},
		{"warming up", Quality{Fail, WarmUp}, StateWarming, "F"},
	} {
		s := StateOf(c.q)
		letter, ok := Sign(HJ2122017, s)
		if s != c.state || !ok || letter != c.letter {
			t.Errorf("%s: %s, %s, want %s, %s", c.name, s, letter, c.state, c.letter)
		}
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
		if told, _ := Sign(HJ2122017, StateOf(q)); told != letter {
			t.Errorf("a value with %s is %v, which is told as %s", letter, q, told)
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
