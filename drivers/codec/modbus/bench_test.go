package modbus

import "testing"

func BenchmarkScan(b *testing.B) {
	r := Request{Function: 4, Count: 10}
	request := AppendRTU(nil, 1, r.Append(nil))
	frame := unhex(b, "01 04 14 08 D1 00 6C 00 00 00 F4 00 00 00 26 00 00 01 F4 00 64 00 00 51 34")
	b.ReportAllocs()
	b.SetBytes(int64(len(frame)))
	for b.Loop() {
		if s := Scan(frame, request, r, false); s.Answer == nil {
			b.Fatal("no answer")
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, c := range []struct {
		typ Type
		hex string
	}{{Uint16, "00F5"}, {Float32, "43663333"}} {
		b.Run(c.typ.String(), func(b *testing.B) {
			w := words(b, c.hex)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.typ.Decode(w, ABCD); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
