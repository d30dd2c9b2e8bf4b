package modbus

import (
	"slices"
	"testing"
)

// partAnswers are answers of real parts, with the numbers their makers print or
// that follow from the register map.
var partAnswers = []struct {
	part, frame string
	request     Request
	registers   []uint16
}{
	{"Renke RS-FX-N01: sector 2, 90 degrees", "01 03 04 00 02 00 5A DB C8", Request{Function: 3, Count: 2}, []uint16{2, 90}},
	{"SONBEST SM7901: 53.6 dB", "01 03 02 02 18 B9 2E", Request{Function: 3, Count: 1}, []uint16{536}},
	{"DFRobot SEN0483: 3.7 m/s", "02 03 02 00 25 3D 9F", Request{Function: 3, Count: 1}, []uint16{37}},
	{"DFRobot SEN0482: 90.0 degrees, sector 4", "02 03 04 03 84 00 04 88 9D", Request{Function: 3, Count: 2}, []uint16{900, 4}},
	{"XY-MD02: 30.5 Cel", "01 04 02 01 31 79 74", Request{Function: 4, Start: 1, Count: 1}, []uint16{305}},
	{"XY-MD02: 30.5 Cel, 54.6 %RH", "01 04 04 01 31 02 22 2A CE", Request{Function: 4, Start: 1, Count: 2}, []uint16{305, 546}},
	{"-10.1 Cel", "01 04 02 FF 9B B9 6B", Request{Function: 4, Start: 1, Count: 1}, []uint16{0xFF9B}},
	{"Huawei 02312PBL: 24.6 Cel, 28.7 %RH", "01 03 04 00 F6 01 1F 5A 59", Request{Function: 3, Start: 2, Count: 2}, []uint16{246, 287}},
	{"Vaisala: not available", "01 04 02 7F FF D9 40", Request{Function: 4, Start: 10, Count: 1}, []uint16{32767}},
	{"PZEM-004T", "01 04 14 08 D1 00 6C 00 00 00 F4 00 00 00 26 00 00 01 F4 00 64 00 00 51 34", Request{Function: 4, Count: 10},
		[]uint16{2257, 108, 0, 244, 0, 38, 0, 500, 100, 0}},
	{"PZEM-017", "01 04 10 05 40 00 0A 00 0D 00 00 00 02 00 00 00 00 00 00 D6 29", Request{Function: 4, Count: 8}, []uint16{1344, 10, 13, 0, 2, 0, 0, 0}},
	{"Senseair S8: 412 ppm", "FE 04 08 00 00 00 00 00 00 01 9C 16 E3", Request{Function: 4, Count: 4}, []uint16{0, 0, 0, 412}},
	{"Senseair S8: status 0x0020", "FE 04 08 00 20 00 00 00 00 00 00 36 D8", Request{Function: 4, Count: 4}, []uint16{0x20, 0, 0, 0}},
	{"Waveshare analogue inputs", "01 04 04 0F A0 4E 20 CC CA", Request{Function: 4, Count: 2}, []uint16{4000, 20000}},
	{"Hukseflux SR05: 900.00 W/m2", "01 03 04 00 01 5F 90 92 6F", Request{Function: 3, Start: 2, Count: 2}, []uint16{1, 0x5F90}},
	{"Kipp & Zonen SMP", "01 03 08 02 A3 02 A0 00 03 00 FB B7 7C", Request{Function: 3, Start: 5, Count: 4}, []uint16{675, 672, 3, 251}},
	{"URM14: 123.4 mm, 23.5 Cel", "0C 03 04 04 D2 00 EB C7 B5", Request{Function: 3, Start: 5, Count: 2}, []uint16{1234, 235}},
	{"URM15: no value", "0F 03 02 FF FF D0 35", Request{Function: 3, Start: 5, Count: 1}, []uint16{0xFFFF}},
	{"Aquaread LeveLine", "01 04 06 06 5A 00 00 27 8D E3 6D", Request{Function: 4, Count: 3}, []uint16{1626, 0, 10125}},
	{"Yosemitech serial number", "01 03 0E 09 59 4C 30 39 31 36 31 31 32 31 30 31 00 D9 90", Request{Function: 3, Start: 0x900, Count: 7},
		[]uint16{0x0959, 0x4C30, 0x3931, 0x3631, 0x3132, 0x3130, 0x3100}},
	{"radar level 1234 mm", "01 03 02 04 D2 3A D9", Request{Function: 3, Count: 1}, []uint16{1234}},
	{"0x01F4 weather family", "01 03 20 00 19 00 01 00 02 00 5A 02 6D 00 EB 01 F4 00 0C 00 17 03 F4 00 00 61 A8 00 FA 00 0C 01 C2 00 00 3B EA",
		Request{Function: 3, Start: 0x1F4, Count: 16}, []uint16{25, 1, 2, 90, 621, 235, 500, 12, 23, 1012, 0, 25000, 250, 12, 450, 0}},
}

func TestPartAnswers(t *testing.T) {
	for _, p := range partAnswers {
		_, pdu, err := ParseRTU(unhex(t, p.frame))
		if err != nil {
			t.Errorf("%s: %v", p.part, err)
			continue
		}
		a, err := p.request.Answers(pdu)
		if got := a.Registers(nil); err != nil || !slices.Equal(got, p.registers) {
			t.Errorf("%s: registers = %v, %v; want %v", p.part, got, err, p.registers)
		}
	}
}

// TestPartRequests keeps the requests that makers print decodable and
// reproducible.
func TestPartRequests(t *testing.T) {
	for _, c := range []struct {
		frame string
		unit  uint8
		want  Request
	}{
		{"FE 04 00 00 00 04 E5 C6", 0xFE, Request{Function: 4, Count: 4}},
		{"FE 06 00 00 00 00 9D C5", 0xFE, Request{Function: 6, Count: 1, Data: []byte{0, 0}}},
		{"FE 06 00 01 7C 06 6C C7", 0xFE, Request{Function: 6, Start: 1, Count: 1, Data: []byte{0x7C, 6}}},
		{"FE 03 00 00 00 01 90 05", 0xFE, Request{Function: 3, Count: 1}},
		{"FF 03 00 00 00 01 91 D4", 0xFF, Request{Function: 3, Count: 1}},
		{"FE 06 00 1F 00 B4 AC 74", 0xFE, Request{Function: 6, Start: 0x1F, Count: 1, Data: []byte{0, 0xB4}}},
		{"01 03 00 00 00 7D 85 EB", 1, Request{Function: 3, Count: 125}},
		{"00 06 00 10 00 01 48 1E", 0, Request{Function: 6, Start: 16, Count: 1, Data: []byte{0, 1}}},
		{"0B 04 00 00 00 02 71 61", 11, Request{Function: 4, Count: 2}},
		{"02 03 00 00 00 01 84 39", 2, Request{Function: 3, Count: 1}},
		{"00 10 10 00 00 01 02 00 03 FA 00", 0, Request{Function: 16, Start: 0x1000, Count: 1, Data: []byte{0, 3}}},
		{"01 04 00 00 00 08 F1 CC", 1, Request{Function: 4, Count: 8}},
		{"01 03 01 F4 00 10 04 08", 1, Request{Function: 3, Start: 0x1F4, Count: 16}},
	} {
		unit, pdu, err := ParseRTU(unhex(t, c.frame))
		if err != nil {
			t.Errorf("%s: %v", c.frame, err)
			continue
		}
		r, err := ParseRequest(pdu)
		if err != nil || unit != c.unit || !sameRequest(r, c.want) {
			t.Errorf("%s: unit %d, %+v, %v; want %d, %+v", c.frame, unit, r, err, c.unit, c.want)
		}
	}
	// one more than the protocol allows, as the textbook shows it
	if _, pdu, err := ParseRTU(unhex(t, "01 03 00 00 00 7E C5 EA")); err != nil {
		t.Error(err)
	} else if _, err := ParseRequest(pdu); err == nil {
		t.Error("126 registers in one read are accepted")
	}
	_, pdu, err := ParseRTU(unhex(t, "01 83 03 01 31"))
	if a, e := ParseAnswer(pdu); err != nil || e != nil || a.Exception != 3 {
		t.Errorf("a part refuses it with %+v, %v, %v; want exception 3", a, err, e)
	}
}
