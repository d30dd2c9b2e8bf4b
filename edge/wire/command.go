package wire

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Errors of Verify.
var (
	// ErrKey: signed with a key that this gateway does not trust.
	ErrKey = errors.New("the key is not one of those that may command this gateway")
	// ErrSignature: changed on its way, or meant for another gateway or prefix.
	ErrSignature = errors.New("the signature is not valid for this gateway")
)

// The kinds of commands.
const (
	KindRewind      = "rewind"
	KindAcknowledge = "acknowledge"
	KindRead        = "read"
	KindStill       = "still"
	KindActuate     = "actuate"
)

// Kinds returns all kinds of commands, in the order in which they are told to people.
func Kinds() []string { return []string{KindRewind, KindAcknowledge, KindRead, KindStill, KindActuate} }

const (
	maxDeadline = 31 * 24 * time.Hour // from Issued to Until at most
	maxBy       = 240                 // bytes of a name
)

// Command asks a gateway to do something. It is published under
// {gw}/command/{id}, never retained, again and again until the Reply of the same
// id comes or Until has passed. Exactly one of the bodies is set, the one Kind names;
// of a kind that this program does not know there is none.
type Command struct {
	V           int          `json:"v"`
	ID          string       `json:"id"` // UUIDv7, the topic's
	Kind        string       `json:"kind"`
	Rewind      *Rewind      `json:"rewind,omitempty"`
	Acknowledge *Acknowledge `json:"acknowledge,omitempty"`
	Read        *Read        `json:"read,omitempty"`
	Still       *Still       `json:"still,omitempty"`
	Actuate     *Actuate     `json:"actuate,omitempty"`
	By          string       `json:"by,omitempty"` // the person who asks, as the sender says
	// Issued is when it was made, Unix milliseconds by the sender's clock. One key
	// never gives two commands to one gateway with the same Issued, and a newer one
	// has a larger: it is also the number of the command.
	Issued int64  `json:"issued"`
	Until  int64  `json:"until"` // not to be carried out after that, Unix milliseconds
	Key    []byte `json:"key"`   // Ed25519 public key of the signer
	Sig    []byte `json:"sig"`   // over SignedBytes
}

// Rewind makes the gateway send again what it still has: acknowledgements of Store
// for records from Since on are forgotten.
type Rewind struct {
	Store string `json:"store"` // id of the store that lost something
	Since int64  `json:"since"` // Unix milliseconds; 0: everything
}

// Acknowledge says that a person has seen an alert: its outputs that are audible are
// silenced, and the alert says so. It stays active.
type Acknowledge struct {
	Alert string `json:"alert"` // id
}

// Read makes the gateway sample a device now. The readings go the way of all.
type Read struct {
	Device string `json:"device"`
}

// Still makes a camera take a picture now, which is sent under the id in the Reply.
type Still struct {
	Device string `json:"device"`
}

// Actuate switches an output. On for ForMS, 0: as long as it may be. Off: what asks for
// it now counts no more, and for ForMS nothing does.
type Actuate struct {
	Output string `json:"output"`
	On     bool   `json:"on"`
	ForMS  int64  `json:"for_ms,omitempty"`
}

// signDomain keeps the signature of a command from being one of anything else.
const signDomain = "lamppost command signature 1\x00"

// SignedBytes returns what is signed: the domain, then each field in the order
// below, a text as its length (4 bytes, big-endian) and its bytes, a number as 8
// bytes, big-endian. Prefix and gateway are in it, so that a command for one
// gateway is not valid on another. Kind says which fields come after Key, so no two
// commands have the same bytes.
//
//	prefix, gateway, V, ID, Kind, Issued, Until, Key, then
//	of a rewind Store, Since; of an acknowledge Alert; of a read or a still Device;
//	of an actuate Output, On (1 or 0), ForMS; then By, if there is one
func (c *Command) SignedBytes(prefix, gateway string) []byte {
	b := []byte(signDomain)
	text := func(s string) { b = append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...) }
	number := func(n int64) { b = binary.BigEndian.AppendUint64(b, uint64(n)) }
	text(prefix)
	text(gateway)
	number(int64(c.V))
	text(c.ID)
	text(c.Kind)
	number(c.Issued)
	number(c.Until)
	text(string(c.Key))
	switch {
	case c.Rewind != nil:
		text(c.Rewind.Store)
		number(c.Rewind.Since)
	case c.Acknowledge != nil:
		text(c.Acknowledge.Alert)
	case c.Read != nil:
		text(c.Read.Device)
	case c.Still != nil:
		text(c.Still.Device)
	case c.Actuate != nil:
		text(c.Actuate.Output)
		number(map[bool]int64{true: 1}[c.Actuate.On])
		number(c.Actuate.ForMS)
	}
	if c.By != "" {
		text(c.By)
	}
	return b
}

// Subject is what a command is about. Of two about one subject the newer one counts,
// in whatever order they arrive.
func (c *Command) Subject() string {
	switch {
	case c.Rewind != nil:
		return c.Kind + "/" + c.Rewind.Store
	case c.Acknowledge != nil:
		return c.Kind + "/" + c.Acknowledge.Alert
	case c.Read != nil:
		return c.Kind + "/" + c.Read.Device
	case c.Still != nil:
		return c.Kind + "/" + c.Still.Device
	case c.Actuate != nil:
		return c.Kind + "/" + c.Actuate.Output
	}
	return c.Kind
}

// Sign fills in Key and Sig, for one gateway below one prefix.
func (c *Command) Sign(key ed25519.PrivateKey, prefix, gateway string) {
	c.Key = []byte(key.Public().(ed25519.PublicKey))
	c.Sig = ed25519.Sign(key, c.SignedBytes(prefix, gateway))
}

// Verify returns nil if one of keys signed the command for this gateway below this
// prefix; else ErrKey, ErrSignature, or what is wrong with the command. Whether it
// comes in time is not asked here.
func (c *Command) Verify(keys []ed25519.PublicKey, prefix, gateway string) error {
	if err := c.Validate(); err != nil {
		return err
	}
	if !slices.ContainsFunc(keys, func(k ed25519.PublicKey) bool { return bytes.Equal(k, c.Key) }) {
		return fmt.Errorf("%w: %s", ErrKey, FormatKey(c.Key))
	}
	if !ed25519.Verify(c.Key, c.SignedBytes(prefix, gateway), c.Sig) {
		return ErrSignature
	}
	return nil
}

// Known says whether this program knows the command's kind.
func (c *Command) Known() bool { return slices.Contains(Kinds(), c.Kind) }

// Validate checks ids, times and lengths, not the signature. A kind that is not known
// is valid, so that it can be answered.
func (c *Command) Validate() error {
	err := first(checkVersion(c.V), at("id", checkUUID(c.ID)), at("kind", checkWord(c.Kind)), at("by", short(c.By, maxBy)))
	switch {
	case err != nil:
		return err
	case c.Issued < 1 || c.Issued > maxTime:
		return fmt.Errorf("issued: %d is not a time in Unix milliseconds", c.Issued)
	case c.Until < c.Issued || c.Until > c.Issued+maxDeadline.Milliseconds():
		return fmt.Errorf("until: %d is not within %s of issued: %d", c.Until, maxDeadline, c.Issued)
	case len(c.Key) != ed25519.PublicKeySize || len(c.Sig) != ed25519.SignatureSize:
		return fmt.Errorf("key, sig: %d and %d bytes, an Ed25519 signature has %d and %d", len(c.Key), len(c.Sig), ed25519.PublicKeySize, ed25519.SignatureSize)
	}
	return c.body()
}

// body checks that there is exactly the body that Kind names, and what it holds.
func (c *Command) body() error {
	set := map[string]bool{KindRewind: c.Rewind != nil, KindAcknowledge: c.Acknowledge != nil, KindRead: c.Read != nil, KindStill: c.Still != nil, KindActuate: c.Actuate != nil}
	for _, kind := range Kinds() {
		if set[kind] && kind != c.Kind {
			return fmt.Errorf("%s: there is one, and the kind is %s", kind, clip(c.Kind))
		}
	}
	if !c.Known() {
		return nil
	}
	if !set[c.Kind] {
		return fmt.Errorf("%s: there is none, and the kind is %s", c.Kind, c.Kind)
	}
	return at(c.Kind, c.what())
}

// what checks the body.
func (c *Command) what() error {
	switch c.Kind {
	case KindRewind:
		if c.Rewind.Since < 0 || c.Rewind.Since > maxTime {
			return fmt.Errorf("since: %d is not a time in Unix milliseconds", c.Rewind.Since)
		}
		return at("store", obs.CheckID(c.Rewind.Store))
	case KindAcknowledge:
		return at("alert", checkUUID(c.Acknowledge.Alert))
	case KindRead:
		return at("device", obs.CheckID(c.Read.Device))
	case KindStill:
		return at("device", obs.CheckID(c.Still.Device))
	}
	if f := c.Actuate.ForMS; f < 0 || f > maxDeadline.Milliseconds() {
		return fmt.Errorf("for_ms: %d is not 0 to %d milliseconds", f, maxDeadline.Milliseconds())
	}
	return at("output", obs.CheckID(c.Actuate.Output))
}

// FormatKey writes a public key as configurations have it: base64.
func FormatKey(key ed25519.PublicKey) string { return base64.StdEncoding.EncodeToString(key) }

// ParseKey is the inverse of FormatKey.
func ParseKey(text string) (ed25519.PublicKey, error) {
	key, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(key) != ed25519.PublicKeySize || FormatKey(key) != text {
		return nil, fmt.Errorf("%q is not an Ed25519 public key: write the 44 characters that the cloud shows", clip(text))
	}
	return key, nil
}
