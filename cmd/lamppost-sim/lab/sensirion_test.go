package lab

import (
	"bytes"
	"encoding/hex"
	"math"
	"strings"
	"testing"
	"time"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The answers of both families that are published, captured or computed.
func TestSensirionWords(t *testing.T) {
	for want, ws := range map[string][]uint16{
		"01 F4 33 66 67 A2 5E B9 3C": {500, tempTicks(25.0027), humTicks(37.0016)},
		"66 67 A2 7F FF 8F":          {tempTicks(25.0027), 0x7FFF},
		"30 00 33 C0 00 2B":          {tempTicks(-12.1874), humTicks(75.0011)},
		"80 10 E1":                   {0x8010},
		"80 00 A2":                   {0x8000},
		"80 06 04":                   {0x8006},
		"05 DA 29":                   {0x05DA},
		"01 90 4C":                   {400},
		"02 2C A3 67 0D 36 4D 08 F1": {556, 0x670D, 0x4D08},
		"02 1F 35 65 82 BB 53 5E 2A": {543, 0x6582, 0x535E},
	} {
		if got := words(ws...); !bytes.Equal(got, unhex(t, want)) {
			t.Errorf("% X, want %s", got, want)
		}
	}
	for _, c := range []struct{ got, want float64 }{{tempOf(0x670D), 25.45}, {humOf(0x4D08), 30.09}, {tempOf(0x6582), 24.39}, {humOf(0x535E), 32.57}} {
		if math.Abs(c.got-c.want) > 0.005 {
			t.Errorf("%v, want %v", c.got, c.want)
		}
	}
}

// talk speaks to a part at a time of the test's own.
type talk struct {
	t    *testing.T
	chip Chip
	now  time.Time
	air  *fixed
	last Reply
}

func newTalk(t *testing.T, c Chip, values map[string]float64) *talk {
	k := &talk{t: t, chip: c, now: time.Unix(1e9, 0), air: &fixed{values: values}}
	c.PowerUp(k.now)
	return k
}

func (k *talk) wait(d time.Duration) { k.now = k.now.Add(d) }

// write says whether a command is acknowledged.
func (k *talk) write(hexadecimal string) bool {
	k.t.Helper()
	return !k.chip.Tx(k.now, k.air, unhex(k.t, hexadecimal), 0).Nack
}

// read returns an answer, "nack" if there is none.
func (k *talk) read(n int) string {
	k.last = k.chip.Tx(k.now, k.air, nil, n)
	if k.last.Nack {
		return "nack"
	}
	return strings.ToUpper(hex.EncodeToString(k.last.Data))
}

func (k *talk) want(what, got, want string) {
	k.t.Helper()
	if want = strings.ReplaceAll(want, " ", ""); got != want {
		k.t.Errorf("%s: %s, want %s", what, got, want)
	}
}

func TestSHT3x(t *testing.T) {
	k := newTalk(t, &SHT3x{}, map[string]float64{"temp": tempOf(0x6667), "rh": 50})
	if k.write("F32D") {
		t.Error("it listens before it has started")
	}
	k.wait(2 * time.Millisecond)
	k.want("nothing was asked", k.read(6), "nack")
	k.write("F32D")
	k.want("status after a reset", k.read(3), "80 10 E1")
	k.write("3041")
	k.write("F32D")
	k.want("status cleared", k.read(3), "00 00 81")
	k.write("2400")
	k.wait(10 * time.Millisecond)
	k.want("too soon", k.read(6), "nack")
	k.wait(6 * time.Millisecond)
	k.want("a measurement", k.read(6), "66 67 A2 80 00 A2")
	if l := k.last.Lines; len(l) != 2 || l[0].Channel != "temp" || math.Abs(l[0].V-25) > 0.005 || math.Abs(l[1].V-50) > 0.002 {
		t.Errorf("truth %+v", l)
	}
	k.want("a second time", k.read(6), "nack")
	if r := k.chip.Tx(k.now, k.air, unhex(t, "2C06"), 6); r.Nack || r.Hold != 15500*time.Microsecond || len(r.Data) != 6 {
		t.Errorf("with a stretched clock: %+v", r)
	}
	if k.write("1234") {
		t.Error("an unknown command is acknowledged")
	}
	k.write("306D")
	k.write("F32D")
	k.want("heater on", k.read(3), "20 00 5D")
	k.write("3780")
	k.want("serial number", k.read(6), strings.ToUpper(hex.EncodeToString(words(0x2A3F, 0x71C9))))
	k.write("30A2")
	k.wait(2 * time.Millisecond)
	k.write("F32D")
	k.want("after a soft reset", k.read(3), "80 10 E1")
}

func TestSCD4x(t *testing.T) {
	k := newTalk(t, &SCD4x{}, map[string]float64{"co2": 500, "temp": tempOf(0x6667), "rh": humOf(0x5EB9)})
	if k.write("21B1") {
		t.Error("it listens before it has started")
	}
	k.wait(time.Second)
	ready := func() string { k.write("E4B8"); return k.read(3) }
	if !k.write("21B1") {
		t.Error("start is not acknowledged")
	}
	k.want("at once", ready(), "80 00 A2")
	if k.write("EC05") {
		t.Error("a value before the first measurement")
	}
	for _, refused := range []string{"21B1", "2318", "241D 07 E6 48", "3615", "3682"} {
		if k.write(refused) {
			t.Errorf("%s is taken while it measures", refused)
		}
	}
	if !k.write("E000 03 DB 42") && !k.write("E000"+hex.EncodeToString(words(987))) {
		t.Error("the pressure is not taken while it measures")
	}
	k.wait(5 * time.Second)
	k.want("after 5 s", ready(), "80 06 04")
	k.write("EC05")
	k.want("a value", k.read(9), "01 F4 33 66 67 A2 5E B9 3C")
	if l := k.last.Lines; len(l) != 3 || l[0].Channel != "co2" || l[0].V != 500 {
		t.Errorf("truth %+v", l)
	}
	if k.write("EC05") {
		t.Error("a value twice")
	}
	k.wait(12 * time.Second)
	k.want("on and on", ready(), "80 06 04")
	k.wait(3 * time.Second) // 20 s after the start
	k.write("EC05")
	k.read(9)
	k.want("the grid is kept", ready(), "80 00 A2")
	k.write("3F86")
	if k.write("2318") {
		t.Error("it listens while it stops")
	}
	k.wait(500 * time.Millisecond)
	k.write("2318")
	k.want("temperature offset as delivered", k.read(3), "05 DA 29")
}

func TestSCD4xSettings(t *testing.T) {
	k := newTalk(t, &SCD4x{}, map[string]float64{"co2": 450, "temp": 20, "rh": 40})
	k.wait(time.Second)
	altitude := func() string { k.write("2322"); return k.read(3) }
	if k.write("2427 01 F4 34") {
		t.Error("a word with a wrong check byte is taken")
	}
	k.want("nothing was set", altitude(), "00 00 81")
	if !k.write("2427 01 F4 33") {
		t.Error("the altitude is not taken")
	}
	k.want("set", altitude(), "01 F4 33")
	k.chip.PowerUp(k.now)
	k.wait(time.Second)
	k.want("not persisted", altitude(), "00 00 81")
	k.write("2427 01 F4 33")
	k.write("3615")
	k.wait(time.Second)
	k.chip.PowerUp(k.now)
	k.wait(time.Second)
	k.want("persisted", altitude(), "01 F4 33")
	k.write("3632")
	k.wait(2 * time.Second)
	k.want("factory reset", altitude(), "00 00 81")
	k.write("362F 01 90 4C")
	k.wait(400 * time.Millisecond)
	k.want("recalibration without a measurement", k.read(3), strings.ToUpper(hex.EncodeToString(words(0xFFFF))))
	if !k.write("219D") || k.write("E4B8") {
		t.Error("a single shot takes 5 s")
	}
	k.wait(5 * time.Second)
	k.write("EC05")
	if got := k.read(9); !strings.HasPrefix(got, strings.ToUpper(hex.EncodeToString(words(450)))) {
		t.Errorf("a single shot gives %s", got)
	}
	k.write("362F 01 90 4C")
	k.wait(400 * time.Millisecond)
	k.want("recalibration by -50 ppm", k.read(3), strings.ToUpper(hex.EncodeToString(words(0x8000-50))))
	k.write("36E0")
	if k.write("2318") || k.write("36F6") {
		t.Error("it acknowledges asleep")
	}
	k.wait(30 * time.Millisecond)
	if !k.write("3682") {
		t.Error("it does not wake up")
	}
	old := newTalk(t, &SCD4x{SCD40: true}, nil)
	old.wait(time.Second)
	if old.write("219D") {
		t.Error("an SCD40 has no single shot")
	}
}
