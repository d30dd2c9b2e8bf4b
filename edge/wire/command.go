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

// Errors of Verify and Admit. Refuse turns each into the word of a Reply.
var (
	// ErrKey: signed with a key that this gateway does not trust.
	ErrKey = errors.New("the key is not one of those that may command this gateway")
	// ErrSignature: changed on its way, or meant for another gateway or prefix.
	ErrSignature = errors.New("the signature is not valid for this gateway")
	// ErrLate: its deadline has passed, or a newer command came before it.
	ErrLate = errors.New("the command comes too late")
	// ErrEarly: issued in the future; one of the two clocks is wrong.
	ErrEarly = errors.New("the command comes before its time")
	// ErrRepeated: carried out already. The Reply of then is the answer.
	ErrRepeated = errors.New("the command was carried out already")
)

// KindRewind is the one kind of command there is so far.
const KindRewind = "rewind"

const (
	maxDeadline = 31 * 24 * time.Hour // from Issued to Until at most
	maxAhead    = 10 * time.Minute    // how far the sender's clock may be before a trusted one
)

// Command asks a gateway to do something. It is published under
// {gw}/command/{id}, never retained, again and again until the Reply of the same
// id comes or Until has passed. One at a time is open for each gateway.
type Command struct {
	V      int     `json:"v"`
	ID     string  `json:"id"`   // UUIDv7, the topic's
	Kind   string  `json:"kind"` // rewind
	Rewind *Rewind `json:"rewind,omitempty"`
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

// Reply answers a command, under {gw}/reply/{id}, never retained. The same command
// always gets the same answer.
type Reply struct {
	V  int    `json:"v"`
	ID string `json:"id"` // the command's
	OK bool   `json:"ok"`
	// Why is a word if OK is false: key, signature, late, early, off (no key is
	// configured), or failed.
	Why     string `json:"why,omitempty"`
	Records uint64 `json:"records,omitempty"` // rewind: how many will be sent again
}

// Mark is what a gateway keeps of the last command that it carried out for a key. It
// is durable before the reply goes. The zero Mark: none yet.
type Mark struct {
	Issued int64 `json:"issued"`
	Reply  Reply `json:"reply"`
}

// signDomain keeps the signature of a command from being one of anything else.
const signDomain = "lamppost command signature 1\x00"

// SignedBytes returns what is signed: the domain, then each field in the order
// below, a text as its length (4 bytes, big-endian) and its bytes, a number as 8
// bytes, big-endian. Prefix and gateway are in it, so that a command for one
// gateway is not valid on another.
//
//	prefix, gateway, V, ID, Kind, Issued, Until, Key, then of a rewind Store, Since
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
	if c.Rewind != nil {
		text(c.Rewind.Store)
		number(c.Rewind.Since)
	}
	return b
}

// Sign fills in Key and Sig, for one gateway below one prefix.
func (c *Command) Sign(key ed25519.PrivateKey, prefix, gateway string) {
	c.Key = []byte(key.Public().(ed25519.PublicKey))
	c.Sig = ed25519.Sign(key, c.SignedBytes(prefix, gateway))
}

// Verify returns nil if one of keys signed the command for this gateway below this
// prefix; else ErrKey, ErrSignature, or what is wrong with the command. Whether it
// comes in time is for Admit to say.
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

// Admit says whether a verified command may be carried out. last is the Mark kept
// for its key. trusted says whether now can be relied on; if not, the deadline
// cannot be judged and the order of Issued alone counts. ErrRepeated: answer with
// last.Reply and do nothing. ErrLate, ErrEarly: answer with Refuse.
func (c *Command) Admit(last Mark, now time.Time, trusted bool) error {
	switch {
	case last.Reply.ID == c.ID:
		return ErrRepeated
	case c.Issued <= last.Issued:
		return fmt.Errorf("%w: one issued at %s was carried out already", ErrLate, stamp(last.Issued))
	case !trusted:
		return nil
	case now.UnixMilli() > c.Until:
		return fmt.Errorf("%w: its deadline was %s", ErrLate, stamp(c.Until))
	case c.Issued > now.Add(maxAhead).UnixMilli():
		return fmt.Errorf("%w: issued at %s", ErrEarly, stamp(c.Issued))
	}
	return nil
}

// Refuse returns the answer that says why a command is not carried out.
func (c *Command) Refuse(why error) Reply {
	r := Reply{V: Version, ID: c.ID, Why: "failed"}
	for err, word := range map[error]string{ErrKey: "key", ErrSignature: "signature", ErrLate: "late", ErrEarly: "early"} {
		if errors.Is(why, err) {
			r.Why = word
		}
	}
	return r
}

// Validate checks ids, times and lengths, not the signature.
func (c *Command) Validate() error {
	err := first(checkVersion(c.V), at("id", checkUUID(c.ID)), at("kind", oneOf(c.Kind, KindRewind)))
	switch {
	case err != nil:
		return err
	case c.Rewind == nil:
		return errors.New("rewind: there is none, and the kind is rewind")
	case c.Issued < 1 || c.Issued > maxTime:
		return fmt.Errorf("issued: %d is not a time in Unix milliseconds", c.Issued)
	case c.Until < c.Issued || c.Until > c.Issued+maxDeadline.Milliseconds():
		return fmt.Errorf("until: %d is not within %s of issued: %d", c.Until, maxDeadline, c.Issued)
	case len(c.Key) != ed25519.PublicKeySize || len(c.Sig) != ed25519.SignatureSize:
		return fmt.Errorf("key, sig: %d and %d bytes, an Ed25519 signature has %d and %d", len(c.Key), len(c.Sig), ed25519.PublicKeySize, ed25519.SignatureSize)
	case c.Rewind.Since < 0 || c.Rewind.Since > maxTime:
		return fmt.Errorf("rewind: since: %d is not a time in Unix milliseconds", c.Rewind.Since)
	}
	return at("rewind: store", obs.CheckID(c.Rewind.Store))
}

// Validate checks id and reason.
func (r *Reply) Validate() error {
	err := first(checkVersion(r.V), at("id", checkUUID(r.ID)))
	switch {
	case err != nil:
		return err
	case r.OK != (r.Why == ""):
		return fmt.Errorf("why: %q does not go with ok: %v", clip(r.Why), r.OK)
	case r.Records > MaxSeq || !r.OK && r.Records > 0:
		return fmt.Errorf("records: %d is not a number of records for ok: %v", r.Records, r.OK)
	}
	return at("why", ifSet(r.Why, checkWord))
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

func stamp(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }
