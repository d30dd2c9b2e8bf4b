package modbus

import (
	"bytes"
	"slices"
	"testing"
)

func TestScan(t *testing.T) {
	request := unhex(t, "01 03 00 6B 00 03 74 17")
	r := Request{Function: 3, Start: 107, Count: 3}
	const answer = "01 03 06 02 2B 00 00 00 64 05 7A"
	found := unhex(t, "03 06 02 2B 00 00 00 64")
	for _, c := range []struct {
		name, line string
		want       Scanned
	}{
		{"the answer", answer, Scanned{Answer: found}},
		{"behind noise", "FF 00 01 " + answer, Scanned{Answer: found, Noise: 3}},
		{"behind its own beginning", "01 03 06 " + answer, Scanned{Answer: found, Noise: 3, Damaged: 1}},
		{"behind our echo", "01 03 00 6B 00 03 74 17" + answer, Scanned{Answer: found, Echoed: true}},
		{"behind noise and echo", "FF 01 03 00 6B 00 03 74 17" + answer, Scanned{Answer: found, Echoed: true, Noise: 1}},
		{"behind another unit's answer", "11 03 06 AE 41 56 52 43 40 49 AD" + answer, Scanned{Answer: found, Alien: 1}},
		{"behind a late answer of another length", "01 03 02 02 18 B9 2E" + answer, Scanned{Answer: found, Alien: 1}},
		{"behind a late exception of another function", "01 84 06 C3 02" + answer, Scanned{Answer: found, Alien: 1}},
		{"behind a damaged one", "01 03 06 02 2B 00 00 00 64 05 7B" + answer, Scanned{Answer: found, Damaged: 1, Noise: 11}},
		{"with something behind", answer + "AB", Scanned{Answer: found, Rest: []byte{0xAB}}},
		{"a refusal", "01 83 02 C0 F1", Scanned{Answer: []byte{0x83, 2}}},
		{"damaged only", "01 03 06 02 2B 00 00 00 64 05 7B", Scanned{Damaged: 1, Noise: 11}},
		{"broken off", "01 03 06 02 2B", Scanned{Noise: 5, Begun: true}},
		{"broken off after the function", "01 03", Scanned{Noise: 2, Begun: true}},
		{"one byte is no beginning", "01", Scanned{Noise: 1}},
		{"broken off refusal", "01 83 02", Scanned{Noise: 3, Begun: true}},
		{"half an echo", "01 03 00 6B 00 03", Scanned{Echoed: true}},
		{"echo only", "01 03 00 6B 00 03 74 17", Scanned{Echoed: true}},
		{"silence", "", Scanned{}},
	} {
		s := Scan(unhex(t, c.line), request, r, false)
		if !bytes.Equal(s.Answer, c.want.Answer) || !bytes.Equal(s.Rest, c.want.Rest) || s.Echoed != c.want.Echoed ||
			s.Alien != c.want.Alien || s.Damaged != c.want.Damaged || s.Noise != c.want.Noise || s.Begun != c.want.Begun {
			t.Errorf("%s:\n got %+v\nwant %+v", c.name, s, c.want)
		}
	}
}

// TestScanOtherMaster: what another master asks, and is answered, is not for us.
func TestScanOtherMaster(t *testing.T) {
	r := Request{Function: 3, Start: 107, Count: 3}
	request := AppendRTU(nil, 1, r.Append(nil))
	ours := AppendRTU(nil, 1, Answer{Function: 3, Data: []byte{2, 0x2B, 0, 0, 0, 100}}.Append(nil))
	theirs := AppendRTU(nil, 1, Answer{Function: 3, Data: []byte{9, 9, 9, 9, 9, 9}}.Append(nil))
	asked := func(unit uint8, r Request) []byte { return AppendRTU(nil, unit, r.Append(nil)) }
	same := asked(1, Request{Function: 3, Start: 7, Count: 3})
	for _, c := range []struct {
		name  string
		line  [][]byte
		want  []byte // registers; nil: no answer
		alien int
	}{
		{"asks another unit", [][]byte{asked(2, Request{Function: 3, Count: 9}), ours}, ours, 1},
		{"asks another function", [][]byte{asked(1, Request{Function: 4, Count: 3}), ours}, ours, 1},
		{"asks ours, which answers him, then us", [][]byte{same, theirs, ours}, nil, 3},
		{"asks ours, which answers us, then him", [][]byte{same, ours, theirs}, nil, 3}, // the same to us
		{"asks ours after it answered us", [][]byte{ours, same, theirs}, ours, 0},
		{"asks ours, which answers only him", [][]byte{same, theirs}, nil, 2},
		{"writes", [][]byte{asked(1, WriteCoil(3, true)), asked(2, WriteRegisters(1, []uint16{1, 2})), asked(2, WriteCoils(1, make([]bool, 9))), ours}, ours, 3},
		{"writes bits, identifies", [][]byte{asked(4, MaskWrite(4, 0xF2, 0x25)), asked(4, ReadWrite(1, 2, 3, []uint16{7})), asked(4, IdentityRequest(Basic, 0)),
			AppendRTU(nil, 4, Identity{Level: Basic, Conformity: 1, Objects: []Object{{0, []byte("X")}}}.Append(nil)), ours}, ours, 4},
	} {
		line := bytes.Join(c.line, nil)
		s := Scan(line, request, r, false)
		if (s.Answer == nil) != (c.want == nil) || c.want != nil && !bytes.Equal(s.Answer, c.want[1:len(c.want)-2]) || s.Alien != c.alien || s.Noise != 0 {
			t.Errorf("%s: Scan(% X) = %+v", c.name, line, s)
		}
	}
}

func TestOverhear(t *testing.T) {
	ask := AppendRTU(nil, 1, Request{Function: 3, Start: 7, Count: 3}.Append(nil))
	said := AppendRTU(nil, 1, Answer{Function: 3, Data: []byte{9, 9, 9, 9, 9, 9}}.Append(nil))
	refused := AppendRTU(nil, 1, []byte{0x83, 2})
	other := AppendRTU(nil, 2, Answer{Function: 3, Data: []byte{9, 9}}.Append(nil))
	coils := AppendRTU(nil, 4, WriteCoils(1, make([]bool, 9)).Append(nil))
	for _, c := range []struct {
		name string
		line [][]byte
		want Overheard
	}{
		{"nothing", nil, Overheard{}},
		{"noise", [][]byte{{1, 3, 0xFF}}, Overheard{Noise: 3}},
		{"a question", [][]byte{{0}, ask}, Overheard{Alien: 1, Noise: 1, Asked: true, Unit: 1, Function: 3, Open: 9}},
		{"and its answer", [][]byte{ask, said}, Overheard{Alien: 2, Unit: 1, Function: 3, Open: 19}},
		{"and its refusal", [][]byte{ask, refused}, Overheard{Alien: 2, Unit: 1, Function: 3, Open: 13}},
		{"and another's answer", [][]byte{ask, other}, Overheard{Alien: 2, Asked: true, Unit: 1, Function: 3, Open: 15}},
		{"half an answer", [][]byte{ask, said[:5]}, Overheard{Alien: 1, Noise: 5, Asked: true, Unit: 1, Function: 3, Open: 8}},
		{"an answer, then a question", [][]byte{said, ask}, Overheard{Alien: 2, Asked: true, Unit: 1, Function: 3, Open: 19}},
		{"an answer, then half a question", [][]byte{said, ask[:6]}, Overheard{Alien: 1, Noise: 6, Open: 11}},
		{"a write", [][]byte{coils}, Overheard{Alien: 1, Unit: 4, Function: 15, Open: 11}},
	} {
		if got := Overhear(bytes.Join(c.line, nil)); got != c.want {
			t.Errorf("%s: Overhear = %+v, want %+v", c.name, got, c.want)
		}
	}
}

// TestScanWhole sends a full-size answer in two pieces, cut everywhere.
func TestScanWhole(t *testing.T) {
	r := Request{Function: 4, Count: MaxRegisters}
	request := AppendRTU(nil, 9, r.Append(nil))
	data := make([]byte, 2*MaxRegisters)
	for i := range data {
		data[i] = byte(7 * i)
	}
	frame := AppendRTU(nil, 9, Answer{Function: 4, Data: data}.Append(nil))
	for cut := 2; cut < len(frame); cut++ {
		if s := Scan(frame[:cut], request, r, false); s.Answer != nil || !s.Begun {
			t.Fatalf("after %d bytes: %+v, want an answer begun", cut, s)
		}
	}
	s := Scan(frame, request, r, false)
	a, err := r.Answers(s.Answer)
	if err != nil || len(a.Registers(nil)) != MaxRegisters || !bytes.Equal(a.Data, data) {
		t.Errorf("whole answer: %v", err)
	}
}

// TestScanWrites: the answer to a single write has the request's bytes, so it
// must not be taken for an echo.
func TestScanWrites(t *testing.T) {
	r := Request{Function: 6, Start: 1, Count: 1, Data: []byte{0, 3}}
	request := AppendRTU(nil, 1, r.Append(nil))
	if s := Scan(request, request, r, false); !slices.Equal(s.Answer, r.Append(nil)) || s.Echoed {
		t.Errorf("Scan = %+v", s)
	}
	// on a line that gives requests back, one copy is the line's and says nothing of the unit
	if s := Scan(request, request, r, true); s.Answer != nil || !s.Echoed {
		t.Errorf("echo only: Scan = %+v", s)
	}
	twice := append(bytes.Clone(request), request...)
	if s := Scan(twice, request, r, true); !slices.Equal(s.Answer, r.Append(nil)) || !s.Echoed || len(s.Rest) != 0 {
		t.Errorf("echo and answer: Scan = %+v", s)
	}
	refused := append(bytes.Clone(request), AppendRTU(nil, 1, []byte{0x86, 4})...)
	if s := Scan(refused, request, r, true); !slices.Equal(s.Answer, []byte{0x86, 4}) {
		t.Errorf("echo and refusal: Scan = %+v", s)
	}
}

// TestScanIdentity: the length of an identification is only in it.
func TestScanIdentity(t *testing.T) {
	r := IdentityRequest(Basic, 0)
	request := AppendRTU(nil, 9, r.Append(nil))
	frame := AppendRTU(nil, 9, unhex(t, identityPDU))
	for cut := 2; cut < len(frame); cut++ {
		if s := Scan(frame[:cut], request, r, false); s.Answer != nil || !s.Begun || s.Damaged > 0 {
			t.Fatalf("after %d bytes: %+v, want an answer begun", cut, s)
		}
	}
	if s := Scan(append([]byte{9, 0x2B}, frame...), request, r, false); len(s.Answer) != len(frame)-3 || s.Noise != 2 {
		t.Errorf("Scan = %+v", s)
	}
	if s := Scan(append(bytes.Clone(request), frame...), request, r, false); len(s.Answer) != len(frame)-3 || !s.Echoed {
		t.Errorf("behind the echo: Scan = %+v", s)
	}
	frame[20] ^= 1
	if s := Scan(frame, request, r, false); s.Answer != nil || s.Damaged != 1 {
		t.Errorf("damaged: Scan = %+v", s)
	}
}

func TestScanWithoutRequest(t *testing.T) {
	if s := Scan([]byte{1, 3, 2}, nil, Request{}, false); s.Answer != nil || s.Noise != 3 {
		t.Errorf("Scan = %+v", s)
	}
}
