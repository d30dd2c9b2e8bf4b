package wire

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

const (
	uuid = "01930e5a-7c3b-7f00-8a1b-2c3d4e5f6071"
	boot = "d2cba9a4-6f1c-4e90-ac85-9364e3d8ef20"
)

// One good text for each kind of message, as it stands on the wire.
const (
	gapText    = `{"v":1,"epoch":"18-0a1b2c3d4e5f","seq":2,"at":{"t":1795291260000,"boot":"` + boot + `","boot_ms":12000},"kind":"gap","gap":{"from":{"t":1795291200000,"boot":"` + boot + `","boot_ms":5000},"to":{"t":1795291210000,"boot":"` + boot + `","boot_ms":15000},"why":"power","epoch":"17-9f3ac2d1b07e","ranges":["184205-184300"],"detail":"the last 10 s were not on the disk yet"}}`
	bootText   = `{"v":1,"epoch":"18-0a1b2c3d4e5f","seq":1,"at":{"boot":"` + boot + `","boot_ms":11000},"kind":"boot","boot":{"version":"0.2.0","epoch":"18-0a1b2c3d4e5f","clean":false}}`
	anchorText = `{"v":1,"epoch":"18-0a1b2c3d4e5f","seq":3,"at":{"t":1795291261000,"boot":"` + boot + `","boot_ms":13000,"err_ms":4},"kind":"anchor","anchor":{"source":"kernel"}}`
	configText = `{"v":1,"epoch":"18-0a1b2c3d4e5f","seq":4,"at":{"t":1795291261000,"boot":"` + boot + `","boot_ms":13000},"kind":"config","config":{"hash":"a41f09c2d1b0"}}`
	deviceText = `{"v":1,"epoch":"18-0a1b2c3d4e5f","seq":5,"at":{"t":1795291261000,"boot":"` + boot + `","boot_ms":13000},"kind":"device","device":{"device":"river","up":false,"why":"timeout"}}`
	siren      = `{"v":1,"epoch":"18-0a1b2c3d4e5f","seq":6,"at":{"t":1795291261000,"boot":"` + boot + `","boot_ms":13000},"kind":"actuation","actuation":{"output":"siren","on":true,"why":"rule","by":"river-high","result":"done","took_ms":14}}`
	works      = `{"v":1,"epoch":"18-0a1b2c3d4e5f","seq":8,"at":{"boot":"` + boot + `","boot_ms":13000},"kind":"maintenance","maintenance":{"device":"river","on":true,"by":"li","for_ms":60000}}`
	restless   = `{"v":1,"epoch":"18-0a1b2c3d4e5f","seq":9,"at":{"boot":"` + boot + `","boot_ms":13000},"kind":"unrest","unrest":{"rule":"river-high","on":true,"changes":9}}`
	missing    = `{"v":1,"epoch":"18-0a1b2c3d4e5f","seq":10,"at":{"boot":"` + boot + `","boot_ms":13000},"kind":"missing","missing":{"images":["` + uuid + `"],"why":"not-taken"}}`
	jammed     = `{"v":1,"epoch":"18-0a1b2c3d4e5f","seq":7,"at":{"boot":"` + boot + `","boot_ms":13000},"kind":"actuation","actuation":{"output":"pump","on":false,"why":"interlock","result":"failed","took_ms":2000,"detail":"no answer in time"}}`
	alertText  = `{"v":1,"id":"` + uuid + `","rev":2,"epoch":"17-9f3ac2d1b07e","seq":184203,"rule":"river-high","stage":"actual","severity":"orange","condition":"active","at":{"t":1795291200400,"boot":"` + boot + `","boot_ms":400},"since":{"t":1795291080400,"boot":"` + boot + `","boot_ms":100},"device":"river","channel":"level","value":3.02,"limit":3,"unit":"m","position":{"lat":30.319,"lon":120.142},"area":"330105003012","category":"flood","text":{"en":"river level 3.02 m","zh":"河道水位 3.02 米"},"evidence":[{"n":"river/level","ago_ms":5000,"v":3.01}],"image":"` + uuid + `","pictures":[{"image":"` + uuid + `","moment":"before","since_ms":-4000},{"image":"` + uuid + `","moment":"at"},{"image":"` + uuid + `","moment":"after","since_ms":150000}]}`
	seenText   = `{"v":1,"id":"` + uuid + `","rev":3,"epoch":"17-9f3ac2d1b07e","seq":184209,"rule":"river-high","stage":"actual","severity":"orange","condition":"active","at":{"boot":"` + boot + `","boot_ms":900},"since":{"boot":"` + boot + `","boot_ms":100},"text":{"en":"high"},"acknowledged":{"at":{"boot":"` + boot + `","boot_ms":900},"by":"王芳"}}`
	ackText    = `{"v":1,"store":"st-7f3a","epoch":"17-9f3ac2d1b07e","stored":["184202-184204","184206-184206"],"refused":[{"range":"184205-184205","why":"retention","retry":false}],"alerts":[{"id":"` + uuid + `","rev":2}],"images":["` + uuid + `"],"time":1795291200612,"echo":"17-9f3ac2d1b07e/184202-184204","credit":{"window":2000,"backfill":5000},"dictionaries":[51966]}`
	onlineText = `{"v":1,"online":true,"conn":17000001}`
	stateText  = `{"v":1,"version":"0.2.0","boot":"` + boot + `","epoch":"17-9f3ac2d1b07e","config":"a41f09c2d1b0","at":{"t":1795291200400,"boot":"` + boot + `","boot_ms":400},"started":{"boot":"` + boot + `","boot_ms":100},"clock":"synced","site":{"name":"拱墅桥","area":"330105003012","position":{"lat":30.319,"lon":120.142},"language":"zh","time_zone":"+08:00"},"devices":[{"id":"river","driver":"modbus","profile":"keller-36xw","bus":"rs485-1","address":"3","every_ms":5000,"channels":["level","water_temp"],"state":"ok"}],"health":[{"id":"clock","level":"warn","text":{"en":"the clock is not set yet"}}],"alerts":[{"id":"` + uuid + `","rev":2}],"journal":{"bytes":1048576,"quota":2000000000,"waiting":12,"oldest_ms":8000,"commit_ms":10000,"lost":0}}`
)

func texts() map[string]Message {
	return map[string]Message{
		gapText: new(Event), bootText: new(Event), anchorText: new(Event), configText: new(Event), deviceText: new(Event), siren: new(Event), jammed: new(Event), works: new(Event), restless: new(Event), missing: new(Event),
		alertText: new(Alert), ackText: new(Ack), onlineText: new(Online), stateText: new(State),
		commandText(0): new(Command), commandText(1): new(Command), commandText(4): new(Command),
		replyText: new(Reply), refusalText: new(Reply), sentText: new(Reply), quietText: new(Reply), blockedText: new(Reply), seenText: new(Alert),
	}
}

// What is decoded is encoded again, byte for byte.
func TestMessagesGolden(t *testing.T) {
	for text, m := range texts() {
		if err := Decode([]byte(text), m); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := Encode(m); err != nil || string(got) != text {
			t.Errorf("Encode = %s\n%v, want\n%s", got, err, text)
		}
	}
}

func TestMessagesRefuse(t *testing.T) {
	for _, c := range []struct{ text, old, new, want string }{
		{ackText, `"v":1`, `"v":2`, "version is not supported"},
		{ackText, `"v":1`, `"v":0`, "version is not supported"},
		{ackText, `"v":1,`, ``, "there is no version"},
		{ackText, `"v":1`, `"v":"1"`, "version"},
		{ackText, `st-7f3a`, `St`, "store:"},
		{ackText, `184202-184204"`, `184204-184202"`, "not valid: "},
		{ackText, `"epoch":"17-9f3ac2d1b07e",`, ``, "epoch: stored and refused need one"},
		{ackText, `"epoch":"17-9f3ac2d1b07e"`, `"epoch":"17-9F3ac2d1b07e"`, "epoch:"},
		{ackText, `"retention"`, `"because I say so"`, "refused: why:"},
		{ackText, `"window":2000`, `"window":0`, "credit:"},
		{ackText, `"backfill":5000`, `"backfill":-1`, "credit:"},
		{ackText, `"time":1795291200612`, `"time":-5`, "time:"},
		{ackText, `"images":["01`, `"images":["x1`, "images:"},
		{ackText, `"rev":2`, `"rev":0`, "alerts: rev"},
		{ackText, `"184206-184206"`, `"184206-184206"` + strings.Repeat(`,"184206-184206"`, 63), "65 entries"},
		{ackText, `}`, `} x`, "not"},
		{gapText, `"seq":2`, `"seq":0`, "seq:"},
		{gapText, `"kind":"gap"`, `"kind":"boot"`, "kind:"},
		{gapText, `"why":"power"`, `"why":""`, "gap: why"},
		{gapText, `,"gap":{`, `,"boot":{"version":"1","epoch":"1-000000000000"},"gap":{`, "2 bodies"},
		{gapText, `"epoch":"17-9f3ac2d1b07e",`, ``, "gap: ranges: they need an epoch"},
		{gapText, `"t":1795291210000`, `"t":1795291100000`, "before from"},
		{bootText, `"at":{"boot":"` + boot + `",`, `"at":{`, "neither a time nor a boot"},
		{bootText, `"boot_ms":11000`, `"boot_ms":-1`, "boot_ms"},
		{anchorText, `"t":1795291261000,`, ``, "needs both"},
		{anchorText, `kernel`, `Kernel!`, "anchor.source"},
		{configText, `a41f09c2d1b0`, `xyz`, "config.hash"},
		{deviceText, `"device":"river"`, `"device":"River"`, "device.device"},
		{works, `"device":"river"`, `"device":"River"`, "maintenance: device"},
		{works, `"for_ms":60000`, `"for_ms":-1`, "maintenance: for_ms"},
		{missing, `["` + uuid + `"]`, `[]`, "missing: images: there are none"},
		{missing, uuid, `x`, "missing: images"},
		{missing, `not-taken`, `Not Taken`, "missing: why"},
		{missing, `"kind":"missing"`, `"kind":"gap"`, "kind:"},
		{works, `"kind":"maintenance"`, `"kind":"unrest"`, "kind:"},
		{restless, `"changes":9`, `"changes":-9`, "unrest: changes"},
		{restless, `river-high`, `River`, "unrest: rule"},
		{siren, `"output":"siren"`, `"output":"Siren"`, "actuation: output"},
		{siren, `"why":"rule"`, `"why":"whim"`, "actuation: why"},
		{siren, `"result":"done"`, `"result":""`, "actuation: result"},
		{siren, `"took_ms":14`, `"took_ms":-1`, "actuation: took_ms"},
		{siren, `river-high`, strings.Repeat("r", 201), "actuation: by"},
		{siren, `"kind":"actuation"`, `"kind":"device"`, "kind:"},
		{jammed, `no answer in time`, strings.Repeat("n", MaxText+1), "actuation: detail"},
		{alertText, `"rev":2`, `"rev":0`, "rev:"},
		{alertText, `"id":"` + uuid, `"id":"01930e5a-7c3b-4f00-8a1b-2c3d4e5f6071`, "id:"},
		{alertText, `"orange"`, `"purple"`, "severity:"},
		{alertText, `"actual"`, `"maybe"`, "stage:"},
		{alertText, `"active"`, `"cleared"`, "cleared:"},
		{alertText, `"condition":"active"`, `"condition":"active","cleared":{"t":1}`, "cleared:"},
		{alertText, `"lat":30.319`, `"lat":90.1`, "position:"},
		{alertText, `{"en":"river level 3.02 m","zh":"河道水位 3.02 米"}`, `{}`, "text:"},
		{alertText, `river level 3.02 m`, strings.Repeat("x", MaxText+1), "text: en"},
		{alertText, `"n":"river/level"`, `"n":"river"`, "evidence 0: n"},
		{alertText, `"v":3.01`, `"v":3.01,"qc":7`, "evidence 0: qc"},
		{alertText, `"moment":"before"`, `"moment":"later"`, "pictures: 0: moment"},
		{alertText, `"pictures":[{"image":"` + uuid, `"pictures":[{"image":"gauge`, "pictures: 0: image"},
		{alertText, `"since_ms":150000`, `"since_ms":9999999999999999`, "pictures: 2: since_ms"},
		{alertText, `"pictures":[`, `"pictures":[` + strings.Repeat(`{"image":"`+uuid+`","moment":"at"},`, MaxPictures), "pictures: 11 entries"},
		{seenText, `"acknowledged":{"at":{"boot":"` + boot + `"`, `"acknowledged":{"at":{"boot":"here"`, "acknowledged: at"},
		{seenText, `王芳`, strings.Repeat("x", MaxText+1), "acknowledged: by"},
		{onlineText, `17000001`, `0`, "conn:"},
		{stateText, `"synced"`, `"fine"`, "clock:"},
		{stateText, `"boot":"` + boot + `","epoch"`, `"boot":"","epoch"`, "boot:"},
		{stateText, `"state":"ok"`, `"state":"good"`, "devices 0: state"},
		{stateText, `"water_temp"`, `"Water"`, "devices 0: channel"},
		{stateText, `"every_ms":5000`, `"every_ms":-1`, "devices 0: every_ms"},
		{stateText, `"level":"warn"`, `"level":"bad"`, "health 0: level"},
		{stateText, `"bytes":1048576`, `"bytes":-1`, "journal:"},
		{stateText, `"+08:00"`, `"Asia/Shanghai"`, "site: time_zone"},
		{stateText, `"+08:00"`, `"+15:00"`, "site: time_zone"},
		{stateText, `"lon":120.142`, `"lon":1201.42`, "site: position"},
	} {
		if !strings.Contains(c.text, c.old) {
			t.Fatalf("no %s in %s", c.old, c.text)
		}
		m := reflect.New(reflect.TypeOf(texts()[c.text]).Elem()).Interface().(Message)
		err := Decode([]byte(strings.Replace(c.text, c.old, c.new, 1)), m)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("with %s: %v, want one line with %q", c.new, err, c.want)
		}
	}
}

func TestMessageLimits(t *testing.T) {
	if err := Decode(make([]byte, MaxMessage+1), new(Ack)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("Decode of too much: %v", err)
	}
	var s State
	if err := Decode([]byte(stateText), &s); err != nil {
		t.Fatal(err)
	}
	s.Devices[0].Note = strings.Repeat("n", MaxText-100)
	for len(s.Devices) < MaxDevices {
		s.Devices = append(s.Devices, s.Devices[0])
	}
	if _, err := Encode(&s); !errors.Is(err, ErrTooLarge) {
		t.Errorf("Encode of too much before compression: %v", err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range s.Devices[:MaxDevices/2] { // half a megabyte that cannot be compressed much
		note := make([]byte, 0, MaxText)
		for range 500 {
			note = append(note, byte(' '+r.IntN(95)))
		}
		s.Devices[i].Note, s.Devices[MaxDevices-1-i].Note = string(note), ""
	}
	if _, err := Encode(&s); !errors.Is(err, ErrTooLarge) {
		t.Errorf("Encode of too much after compression: %v", err)
	}
	s.Devices = append(s.Devices, s.Devices[0])
	if err := s.Validate(); err == nil {
		t.Error("more devices than are listed")
	}
	bomb, err := squeeze(bytes.Repeat([]byte(" "), MaxExpanded+1))
	if err != nil {
		t.Fatal(err)
	}
	if err := Decode(bomb, new(State)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("Decode of too much after expansion: %v", err)
	}
	if err := Decode(bomb, new(Ack)); err == nil || errors.Is(err, ErrTooLarge) {
		t.Errorf("Decode of a frame that is no state: %v", err)
	}
	var a Alert
	if err := Decode([]byte(alertText), &a); err != nil {
		t.Fatal(err)
	}
	nan := math.NaN()
	a.Value = &nan
	if _, err := Encode(&a); err == nil {
		t.Error("NaN was encoded")
	}
}

// N and the two versions before are read; today there is one.
// A gateway with as many devices as are allowed, of a hundred channels each, can say so.
func TestLongState(t *testing.T) {
	var s, back State
	if err := Decode([]byte(stateText), &s); err != nil {
		t.Fatal(err)
	}
	panel := s.Devices[0]
	panel.Channels = nil
	for i := range 100 {
		panel.Channels = append(panel.Channels, fmt.Sprintf("temp.f%02d", i))
	}
	s.Devices = nil
	for i := range MaxDevices / 2 {
		panel.ID = fmt.Sprintf("panel-%03d", i)
		s.Devices = append(s.Devices, panel)
	}
	data, err := Encode(&s)
	if err != nil {
		t.Fatal(err)
	}
	if err := Decode(data, &back); err != nil || !reflect.DeepEqual(s, back) {
		t.Fatalf("a state of %d devices, %d bytes, does not come back: %v", len(s.Devices), len(data), err)
	}
	t.Logf("%d devices of %d channels: %d bytes", len(s.Devices), len(panel.Channels), len(data))
}

func TestVersions(t *testing.T) {
	for v, want := range map[int]bool{Version - 3: false, Version: true, Version + 1: false, 0: false} {
		if err := checkVersion(v); (err == nil) != want || err != nil && !errors.Is(err, ErrVersion) {
			t.Errorf("checkVersion(%d) = %v", v, err)
		}
	}
}

func TestEpoch(t *testing.T) {
	e := NewEpoch(17, [6]byte{0x9f, 0x3a, 0xc2, 0xd1, 0xb0, 0x7e})
	if e != "17-9f3ac2d1b07e" || e.Validate() != nil || e.Counter() != 17 {
		t.Errorf("%s, %v, %d", e, e.Validate(), e.Counter())
	}
	for _, bad := range []Epoch{"", "-", "17", "17-", "017-9f3ac2d1b07e", "17-9f3ac2d1b07", "17-9f3ac2d1b07g", "4294967296-9f3ac2d1b07e", "17-9F3AC2D1B07E"} {
		if bad.Validate() == nil || bad.Counter() != 0 {
			t.Errorf("%q is accepted", bad)
		}
	}
}

// fuzzMessage holds the law for every JSON message: what is accepted is written
// again, and that reads and writes the same.
func fuzzMessage[T any, M interface {
	*T
	Message
}](f *testing.F, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var first, second T
		if Decode(data, M(&first)) != nil {
			return
		}
		again, err := Encode(M(&first))
		if err != nil && !errors.Is(err, ErrTooLarge) {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		if err != nil {
			return
		}
		if err := Decode(again, M(&second)); err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, again)
		}
		if third, err := Encode(M(&second)); err != nil || string(third) != string(again) {
			t.Fatalf("not stable: %v\n%s\n%s", err, again, third)
		}
	})
}

func FuzzEvent(f *testing.F) {
	fuzzMessage[Event](f, gapText, bootText, anchorText, configText, deviceText, siren, jammed, works, restless)
}
func FuzzAlert(f *testing.F)  { fuzzMessage[Alert](f, alertText, seenText) }
func FuzzAck(f *testing.F)    { fuzzMessage[Ack](f, ackText) }
func FuzzOnline(f *testing.F) { fuzzMessage[Online](f, onlineText) }
func FuzzState(f *testing.F)  { fuzzMessage[State](f, stateText) }

// All alerts of a gateway that has as many rules as it may fit into its state: one without
// them would tell that they are over.
func TestStateOfManyAlerts(t *testing.T) {
	var s State
	if err := Decode([]byte(stateText), &s); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range MaxDevices - len(s.Devices) {
		d := s.Devices[0]
		d.ID, d.Note = fmt.Sprintf("post-%d", len(s.Devices)), ""
		s.Devices = append(s.Devices, d)
	}
	s.Alerts = nil
	for range MaxActive {
		s.Alerts = append(s.Alerts, Revised{ID: fmt.Sprintf("%08x-%04x-7%03x-8%03x-%012x", r.Uint32(), r.IntN(1<<16), r.IntN(1<<12), r.IntN(1<<12), r.Int64N(1<<48)), Rev: 1 + r.IntN(9)})
	}
	b, err := Encode(&s)
	if err != nil {
		t.Fatal(err)
	}
	var back State
	if err := Decode(b, &back); err != nil || len(back.Alerts) != MaxActive {
		t.Fatalf("%d bytes hold %d alerts: %v", len(b), len(back.Alerts), err)
	}
	s.Alerts = append(s.Alerts, s.Alerts[0])
	if _, err := Encode(&s); err == nil {
		t.Error("more alerts than rules")
	}
}
