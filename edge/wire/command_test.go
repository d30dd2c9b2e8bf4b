package wire

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	replyText   = `{"v":1,"id":"` + uuid + `","ok":true,"records":184202}`
	refusalText = `{"v":1,"id":"` + uuid + `","ok":false,"why":"late"}`
	sentText    = `{"v":1,"id":"` + uuid + `","ok":true,"image":"` + uuid + `"}`
	quietText   = `{"v":1,"id":"` + uuid + `","ok":true,"outputs":["siren"]}`
	blockedText = `{"v":1,"id":"` + uuid + `","ok":false,"why":"blocked","detail":"its interlock is not true"}`
)

// issued is when the commands of these tests were made.
const issued = 1795291200000

// testKey is made of a fixed seed, so that the golden text below is fixed as well.
func testKey(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
}

func rewindCommand() *Command {
	c := &Command{V: Version, ID: uuid, Kind: KindRewind, Rewind: &Rewind{Store: "st-7f3a", Since: 1795204800000},
		Issued: issued, Until: issued + 7*24*3600*1000}
	c.Sign(testKey(1), DefaultPrefix, gw)
	return c
}

// commandsOf are one command of each kind.
func commandsOf() []*Command {
	cs := []*Command{rewindCommand(),
		{Kind: KindAcknowledge, Acknowledge: &Acknowledge{Alert: uuid}, By: "王芳"},
		{Kind: KindRead, Read: &Read{Device: "river"}},
		{Kind: KindStill, Still: &Still{Device: "gauge"}},
		{Kind: KindActuate, Actuate: &Actuate{Output: "lamp", On: true, ForMS: 30_000}, By: "duty"}}
	for _, c := range cs[1:] {
		c.V, c.ID, c.Issued, c.Until = Version, uuid, issued, issued+60_000
		c.Sign(testKey(1), DefaultPrefix, gw)
	}
	return cs
}

// The texts in testdata are the contract: a gateway in the field reads these.
func TestCommandsGolden(t *testing.T) {
	for _, c := range commandsOf() {
		file := filepath.Join("testdata", "command-"+c.Kind+".json")
		got, err := Encode(c)
		if err != nil {
			t.Fatal(err)
		}
		if os.Getenv("UPDATE_GOLDEN") != "" {
			if err := os.WriteFile(file, append(got, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil || string(got) != strings.TrimSpace(string(want)) {
			t.Errorf("%s: %v\n%s\nwant\n%s", file, err, got, want)
		}
		var back Command
		if err := Decode(want, &back); err != nil || back.Verify([]ed25519.PublicKey{publicKey(1)}, DefaultPrefix, gw) != nil {
			t.Errorf("%s: %v, %v", file, err, back.Verify([]ed25519.PublicKey{publicKey(1)}, DefaultPrefix, gw))
		}
	}
}

// Each field of each body is signed, and no two bodies have the same bytes.
func TestEveryFieldIsSigned(t *testing.T) {
	seen := map[string]string{}
	note := func(name string, c *Command) {
		b := string(c.SignedBytes(DefaultPrefix, gw))
		if was, ok := seen[b]; ok {
			t.Errorf("%s and %s have the same bytes", name, was)
		}
		seen[b] = name
	}
	for _, c := range commandsOf() {
		note(c.Kind, c)
		c.By += "x"
		note(c.Kind+" by", c)
		switch c.Kind {
		case KindRewind:
			c.Rewind.Since++
		case KindAcknowledge:
			c.Acknowledge.Alert = strings.Replace(uuid, "0193", "0194", 1)
		case KindRead:
			c.Read.Device += "x"
		case KindStill:
			c.Still.Device += "x"
		case KindActuate:
			c.Actuate.On = false
			note("actuate off", c)
			c.Actuate.ForMS++
			note("actuate for", c)
			c.Actuate.Output += "x"
		}
		note(c.Kind+" changed", c)
	}
}

func commandText(n int) string {
	text, err := Encode(commandsOf()[n])
	if err != nil {
		panic(err)
	}
	return string(text)
}

func publicKey(seed byte) ed25519.PublicKey { return testKey(seed).Public().(ed25519.PublicKey) }

// The signed bytes are the contract: another program that signs must write these.
func TestSignedBytesGolden(t *testing.T) {
	c := &Command{V: 1, ID: "i", Kind: "rewind", Issued: 2, Until: 3, Key: []byte("k"), Rewind: &Rewind{Store: "s", Since: 4}}
	const want = "6c616d70706f737420636f6d6d616e64207369676e6174757265203100" + // the domain
		"00000001" + "70" + "00000001" + "67" + "0000000000000001" + "00000001" + "69" + "00000006" + "726577696e64" +
		"0000000000000002" + "0000000000000003" + "00000001" + "6b" + "00000001" + "73" + "0000000000000004"
	if got := hex.EncodeToString(c.SignedBytes("p", "g")); got != want {
		t.Errorf("SignedBytes = %s\nwant %s", got, want)
	}
}

func TestVerify(t *testing.T) {
	trusted := []ed25519.PublicKey{publicKey(9), publicKey(1)}
	if err := rewindCommand().Verify(trusted, DefaultPrefix, gw); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change          func(*Command)
		prefix, gateway string
		want            error
	}{
		"another gateway":   {func(*Command) {}, DefaultPrefix, gw + "8", ErrSignature},
		"another prefix":    {func(*Command) {}, "lamppost/v2", gw, ErrSignature},
		"moved border":      {func(*Command) {}, DefaultPrefix + gw[:1], gw[1:], ErrSignature},
		"another id":        {func(c *Command) { c.ID = strings.Replace(uuid, "0193", "0194", 1) }, DefaultPrefix, gw, ErrSignature},
		"another store":     {func(c *Command) { c.Rewind.Store = "st-7f3b" }, DefaultPrefix, gw, ErrSignature},
		"another time":      {func(c *Command) { c.Rewind.Since++ }, DefaultPrefix, gw, ErrSignature},
		"issued later":      {func(c *Command) { c.Issued++ }, DefaultPrefix, gw, ErrSignature},
		"longer deadline":   {func(c *Command) { c.Until++ }, DefaultPrefix, gw, ErrSignature},
		"a flipped bit":     {func(c *Command) { c.Sig[5] ^= 1 }, DefaultPrefix, gw, ErrSignature},
		"a stranger's key":  {func(c *Command) { c.Sign(testKey(2), DefaultPrefix, gw) }, DefaultPrefix, gw, ErrKey},
		"a key put in":      {func(c *Command) { c.Key = publicKey(9) }, DefaultPrefix, gw, ErrSignature},
		"no rewind":         {func(c *Command) { c.Rewind = nil }, DefaultPrefix, gw, nil},
		"another body":      {func(c *Command) { c.Kind = KindRead }, DefaultPrefix, gw, nil},
		"two bodies":        {func(c *Command) { c.Read = &Read{Device: "river"} }, DefaultPrefix, gw, nil},
		"unknown kind":      {func(c *Command) { c.Kind, c.Rewind = "reboot", nil }, DefaultPrefix, gw, ErrSignature},
		"somebody else":     {func(c *Command) { c.By = "me" }, DefaultPrefix, gw, ErrSignature},
		"no signature":      {func(c *Command) { c.Sig = nil }, DefaultPrefix, gw, nil},
		"deadline too late": {func(c *Command) { c.Until = c.Issued + maxDeadline.Milliseconds() + 1 }, DefaultPrefix, gw, nil},
	} {
		cmd := rewindCommand()
		c.change(cmd)
		if err := cmd.Verify(trusted, c.prefix, c.gateway); err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: Verify = %v, want %v", name, err, c.want)
		}
	}
	if err := rewindCommand().Verify(nil, DefaultPrefix, gw); !errors.Is(err, ErrKey) {
		t.Errorf("without keys: %v", err)
	}
}

func TestRepliesRefuse(t *testing.T) {
	for _, c := range []struct{ text, old, new, want string }{
		{replyText, `"ok":true`, `"ok":false`, "why:"},
		{refusalText, `"ok":false`, `"ok":true`, "why:"},
		{refusalText, `"late"`, `"very late"`, "why:"},
		{refusalText, `}`, `,"records":1}`, "records:"},
		{quietText, `siren`, `Siren`, "outputs:"},
		{quietText, `"ok":true`, `"ok":false,"why":"off"`, "outputs"},
		{sentText, `"image":"0`, `"image":"x0`, "image:"},
		{blockedText, `its interlock`, strings.Repeat("i", MaxText), "detail:"},
		{replyText, uuid, "1", "id:"},
	} {
		var r Reply
		if err := Decode([]byte(strings.Replace(c.text, c.old, c.new, 1)), &r); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("with %s: %v, want %q", c.new, err, c.want)
		}
	}
}

func TestKeys(t *testing.T) {
	text := FormatKey(publicKey(1))
	if k, err := ParseKey(text); err != nil || !k.Equal(publicKey(1)) {
		t.Errorf("ParseKey(%s) = %v, %v", text, k, err)
	}
	for _, bad := range []string{"", text[1:], text + "\n", text[:20] + "\n" + text[20:], strings.Repeat("A", 44), text[:42] + "B="} {
		if _, err := ParseKey(bad); err == nil {
			t.Errorf("ParseKey(%q) is accepted", bad)
		}
	}
}

// FuzzCommand: beside the law of every message, nothing that is not signed by the
// key is ever verified.
func FuzzCommand(f *testing.F) {
	for i := range commandsOf() {
		f.Add([]byte(commandText(i)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var c Command
		if Decode(data, &c) != nil {
			return
		}
		if err := c.Verify([]ed25519.PublicKey{publicKey(1)}, DefaultPrefix, gw); err == nil && !slices.ContainsFunc(commandsOf(), func(o *Command) bool {
			return bytes.Equal(o.SignedBytes(DefaultPrefix, gw), c.SignedBytes(DefaultPrefix, gw))
		}) {
			t.Fatalf("a forged command is taken: %s", data)
		}
		again, err := Encode(&c)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		var second Command
		if err := Decode(again, &second); err != nil || !bytes.Equal(second.SignedBytes("p", "g"), c.SignedBytes("p", "g")) {
			t.Fatalf("what was written does not read back: %v\n%s", err, again)
		}
	})
}

func FuzzReply(f *testing.F) {
	fuzzMessage[Reply](f, replyText, refusalText, sentText, quietText, blockedText)
}
