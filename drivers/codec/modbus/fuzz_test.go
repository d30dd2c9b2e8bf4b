package modbus

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"testing"
)

// Law: what ParseRequest accepts, Check allows and Append reproduces.
func FuzzRequest(f *testing.F) {
	for _, x := range exchanges {
		b := unhex(f, x.request)
		f.Add(b[1 : len(b)-2])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ParseRequest(b)
		if err != nil {
			return
		}
		if got := r.Append(nil); !bytes.Equal(got, b) {
			t.Errorf("ParseRequest(% x) then Append gives % x", b, got)
		}
		if err := r.Check(); err != nil {
			t.Errorf("ParseRequest(% x) is accepted, Check says %v", b, err)
		}
	})
}

// Law: what ParseAnswer accepts, Append reproduces.
func FuzzAnswer(f *testing.F) {
	for _, p := range partAnswers {
		b := unhex(f, p.frame)
		f.Add(b[1 : len(b)-2])
	}
	f.Add([]byte{0x83, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := ParseAnswer(b)
		if err == nil && !bytes.Equal(a.Append(nil), b) {
			t.Errorf("ParseAnswer(% x) then Append gives % x", b, a.Append(nil))
		}
	})
}

// Law: what ParseIdentity accepts, Append reproduces, and it answers the request for
// its level.
func FuzzIdentity(f *testing.F) {
	f.Add(unhex(f, identityPDU))
	f.Add(unhex(f, "2B 0E 04 83 FF 80 01 05 00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		id, err := ParseIdentity(b)
		if err != nil {
			return
		}
		if got := id.Append(nil); !bytes.Equal(got, b) {
			t.Errorf("ParseIdentity(% x) then Append gives % x", b, got)
		}
		r := IdentityRequest(id.Level, 0)
		if _, err := r.Answers(b); r.Check() == nil && err != nil {
			t.Errorf("% x is an identification, Answers says %v", b, err)
		}
	})
}

// Law: a frame that is taken from the stream encodes to the bytes it used, and
// an incomplete one asks for more without an error.
func FuzzTCP(f *testing.F) {
	f.Add(unhex(f, "00 01 00 00 00 09 11 03 06 AE 41 56 52 43 40"))
	f.Add(unhex(f, "00 01 00 00 00 03 11 83 02 00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		frame, n, err := ParseTCP(b)
		if err != nil || n == 0 {
			return
		}
		if got := frame.Append(nil); !bytes.Equal(got, b[:n]) {
			t.Errorf("ParseTCP(% x) then Append gives % x", b[:n], got)
		}
	})
}

// Laws: an answer found in any bytes passes the checks a whole frame would
// pass; and bytes in front that hold no answer hide none behind them, unless
// they run into it.
func FuzzScan(f *testing.F) {
	f.Add([]byte{}, uint8(1), uint16(107), uint8(3))
	f.Add([]byte{1, 3, 6, 1, 3}, uint8(1), uint16(107), uint8(3))
	f.Add(unhex(f, "11 03 06 AE 41 56 52 43 40 49 AD"), uint8(17), uint16(1), uint8(1))
	f.Add(unhex(f, "11 03 00 6B 00 03 76 87"), uint8(17), uint16(1), uint8(1))
	f.Fuzz(func(t *testing.T, noise []byte, unit uint8, start uint16, count uint8) {
		if len(noise) > 600 {
			return
		}
		if o := Overhear(noise); o.Noise+4*o.Alien > len(noise) {
			t.Errorf("Overhear(% x) = %+v counts more than there is", noise, o)
		}
		for _, other := range []Request{WriteCoil(start, count > 9), MaskWrite(start, 1, 2), WriteRegisters(start, make([]uint16, count)), IdentityRequest(Basic, 0)} {
			s := Scan(noise, AppendRTU(nil, unit, other.Append(nil)), other, count%2 == 0)
			if _, err := other.Answers(s.Answer); s.Answer != nil && err != nil {
				t.Errorf("Scan took % x as the answer to %+v: %v", s.Answer, other, err)
			}
		}
		r := Request{Function: 3, Start: start, Count: uint16(count)}
		if r.Check() != nil {
			return
		}
		request := AppendRTU(nil, unit, r.Append(nil))
		s := Scan(noise, request, r, false)
		if s.Answer != nil {
			if _, err := r.Answers(s.Answer); err != nil {
				t.Errorf("Scan took % x as the answer: %v", s.Answer, err)
			}
			return
		}
		if s.Noise+s.Alien > len(noise) {
			t.Errorf("%+v counts more than the %d bytes there are", s, len(noise))
		}
		answer := Answer{Function: 3, Data: make([]byte, 2*r.Count)}.Append(nil)
		line := AppendRTU(bytes.Clone(noise), unit, answer)
		if s = Scan(line, request, r, false); s.Answer == nil && s.Alien == 0 && !s.Echoed && !s.Crossed {
			t.Errorf("Scan lost the answer behind % x", noise)
		}
	})
}

// Laws: what was decoded, and encoded, is what was read, bit for bit where the type
// uses all bits; a whole number and its float agree; a field of bits is a part of the
// raw number.
func FuzzDecode(f *testing.F) {
	f.Add(uint8(Float32), uint8(CDAB), uint8(0), uint8(0), unhex(f, "E97942F6"))
	f.Add(uint8(BCD32), uint8(ABCD), uint8(0), uint8(0), unhex(f, "12345678"))
	f.Add(uint8(Int64), uint8(DCBA), uint8(60), uint8(4), unhex(f, "C01DFEFFFFFFFFFF"))
	f.Add(uint8(SignMag16), uint8(BADC), uint8(0), uint8(0), unhex(f, "6980"))
	f.Add(uint8(Uint64), uint8(FEHGBADC), uint8(3), uint8(20), unhex(f, "0605080702010403"))
	f.Fuzz(func(t *testing.T, typ, order, low, width uint8, b []byte) {
		w := make([]uint16, len(b)/2)
		for i := range w {
			w[i] = binary.BigEndian.Uint16(b[2*i:])
		}
		ty, o := Type(typ), Order(order)
		n, err := ty.Decode(w, o)
		if err != nil || !o.Fits(ty.Words()) {
			return
		}
		if n.Whole && n.Float != float64(n.Int) {
			t.Errorf("Int %d and Float %v differ", n.Int, n.Float)
		}
		wire := encode(ty, n, o)
		back, err := ty.Decode(wire, o)
		if err != nil || back.Float != n.Float || back.Int != n.Int {
			t.Errorf("%s %s: %04x reads as %+v, which writes as %04x, which reads as %+v, %v", ty, o, w, n, wire, back, err)
		}
		switch n.Raw { // of these there are two forms, and only one is written
		case 0x8000, 0x80000000, 1 << 63:
		default:
			if got := wire; ty < Uint8High && !slices.Equal(got, w[:ty.Words()]) {
				t.Errorf("%s %s: %04x reads as %+v, which writes as %04x", ty, o, w, n, got)
			}
		}
		field := Bits{low % 64, width % 64}
		if !field.Fits(ty) || field.Width == 0 {
			return
		}
		part, err := field.Decode(ty, w, o)
		if err != nil || part.Raw != n.Raw>>field.Low&(1<<field.Width-1) || uint64(part.Int)&(1<<field.Width-1) != part.Raw {
			t.Errorf("bits %v of %04x are %+v, %v", field, w, part, err)
		}
	})
}

// encode is the inverse of Type.Decode, written apart from it.
func encode(t Type, n Number, o Order) []uint16 {
	raw := uint64(n.Int)
	switch t {
	case Float32:
		raw = uint64(math.Float32bits(float32(n.Float)))
	case Float64:
		raw = math.Float64bits(n.Float)
	case Uint64:
		raw = n.Raw // above 2^63 the float has lost digits
	case BCD16, BCD32, BCD64:
		raw = 0
		for i, v := 0, n.Int; v > 0; i, v = i+4, v/10 {
			raw |= uint64(v%10) << i
		}
	case SignMag16:
		if n.Int < 0 {
			raw = uint64(-n.Int) | 0x8000
		}
	case Uint8High, Int8High:
		raw = raw << 8 & 0xFF00
	case Uint8Low, Int8Low:
		raw &= 0xFF
	}
	// Where the letter of each place of the wire stands in the number.
	letters := o.String()
	if t.Words() == 4 && len(letters) == 4 {
		letters = map[Order]string{ABCD: "abcdefgh", CDAB: "ghefcdab", BADC: "badcfehg", DCBA: "hgfedcba"}[o]
	}
	if t.Words() == 1 {
		letters = map[Order]string{ABCD: "ab", CDAB: "ab", BADC: "ba", DCBA: "ba"}[o]
	}
	w := make([]uint16, t.Words())
	for i, letter := range letters {
		place := len(letters) - 1 - int(letter-'a')
		w[i/2] |= uint16(raw>>(8*place)&0xFF) << (8 * (1 - i%2))
	}
	return w
}

// Law: a text that is accepted, written and read again, is the same.
func FuzzText(f *testing.F) {
	f.Add(unhex(f, "09594C3039313631313231303100"), uint8(ABCD))
	f.Add(unhex(f, "41534344"), uint8(BADC))
	f.Fuzz(func(t *testing.T, b []byte, order uint8) {
		w := make([]uint16, len(b)/2)
		for i := range w {
			w[i] = binary.BigEndian.Uint16(b[2*i:])
		}
		s, err := Text(w, Order(order))
		if err != nil {
			return
		}
		w = w[:0]
		for i := 0; i < len(s); i += 2 {
			w = append(w, binary.BigEndian.Uint16(append([]byte(s[i:]), 0)))
		}
		if back, err := Text(w, ABCD); err != nil || back != s {
			t.Errorf("%q reads back as %q, %v", s, back, err)
		}
	})
}
