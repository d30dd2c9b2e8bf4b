package wire

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"
)

const (
	replyText   = `{"v":1,"id":"` + uuid + `","ok":true,"records":184202}`
	refusalText = `{"v":1,"id":"` + uuid + `","ok":false,"why":"late"}`
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

func commandText() string {
	text, err := Encode(rewindCommand())
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
		"unknown kind":      {func(c *Command) { c.Kind = "reboot" }, DefaultPrefix, gw, nil},
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

// Every command comes again, late, or out of order; each is carried out once.
func TestAdmit(t *testing.T) {
	at := func(ms int64) time.Time { return time.UnixMilli(issued + ms) }
	c := rewindCommand()
	week := c.Until - issued
	other := Reply{V: 1, ID: "01930e5a-7c3b-7f00-8a1b-000000000000", OK: true}
	for name, a := range map[string]struct {
		last    Mark
		now     time.Time
		trusted bool
		want    error
		word    string
	}{
		"the first":                    {now: at(1000), trusted: true},
		"after an older one":           {last: Mark{issued - 1, other}, now: at(1000), trusted: true},
		"again":                        {last: Mark{issued, Reply{V: 1, ID: uuid, OK: true}}, now: at(1000), trusted: true, want: ErrRepeated, word: "failed"},
		"again, past its deadline":     {last: Mark{issued, Reply{V: 1, ID: uuid, OK: true}}, now: at(week + 1), trusted: true, want: ErrRepeated, word: "failed"},
		"overtaken":                    {last: Mark{issued + 1, other}, now: at(1000), trusted: true, want: ErrLate, word: "late"},
		"overtaken, no clock":          {last: Mark{issued + 1, other}, now: time.UnixMilli(0), want: ErrLate, word: "late"},
		"another of the same number":   {last: Mark{issued, other}, now: at(1000), trusted: true, want: ErrLate, word: "late"},
		"at its deadline":              {now: at(week), trusted: true},
		"past its deadline":            {now: at(week + 1), trusted: true, want: ErrLate, word: "late"},
		"past its deadline, no clock":  {now: at(week + 1)},
		"a little ahead":               {now: at(-maxAhead.Milliseconds()), trusted: true},
		"from the future":              {now: at(-maxAhead.Milliseconds() - 1), trusted: true, want: ErrEarly, word: "early"},
		"a clock in the past, unknown": {now: time.UnixMilli(5)},
	} {
		err := c.Admit(a.last, a.now, a.trusted)
		if !errors.Is(err, a.want) {
			t.Errorf("%s: Admit = %v, want %v", name, err, a.want)
		}
		if err == nil {
			continue
		}
		r := c.Refuse(err)
		if r.Validate() != nil || r.Why != a.word || r.ID != uuid {
			t.Errorf("%s: Refuse = %+v, want %s", name, r, a.word)
		}
	}
}

func TestRepliesRefuse(t *testing.T) {
	for _, c := range []struct{ text, old, new, want string }{
		{replyText, `"ok":true`, `"ok":false`, "why:"},
		{refusalText, `"ok":false`, `"ok":true`, "why:"},
		{refusalText, `"late"`, `"very late"`, "why:"},
		{refusalText, `}`, `,"records":1}`, "records:"},
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
	f.Add([]byte(commandText()))
	f.Fuzz(func(t *testing.T, data []byte) {
		var c Command
		if Decode(data, &c) != nil {
			return
		}
		if err := c.Verify([]ed25519.PublicKey{publicKey(1)}, DefaultPrefix, gw); err == nil && *c.Rewind != *rewindCommand().Rewind {
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

func FuzzReply(f *testing.F) { fuzzMessage[Reply](f, replyText, refusalText) }
