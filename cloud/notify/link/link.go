// Package link makes and reads the tokens by which somebody acknowledges an alert or case
// from a message, without logging in. A token is bound to what is acknowledged, to the
// person or the group that was told, and to a time; it cannot be forged or changed without
// the key, and each is spent once (by whoever keeps the [ID]s that are spent).
//
// A token's bytes, before base64url without padding: version (1), expiry in Unix seconds
// (8 bytes, big-endian), then subject, channel and person, each with its length in one byte
// before it, and the HMAC-SHA256 of all that, keyed and with a prefix that no other use of
// the key has. It holds no secret but the MAC: who has the token can read it.
package link

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Errors of Read, for a page that says what to do.
var (
	ErrForged  = errors.New("the link is not one of ours, or is not whole")
	ErrExpired = errors.New("the link is too old")
)

// Grant is what a token allows.
type Grant struct {
	Subject string    // the alert or case; at most 255 bytes
	Channel string    // by which it was told
	Person  string    // who was told; empty: everybody in the channel
	Expires time.Time // whole seconds, from 1970 on
}

// Key makes and reads tokens: 32 random bytes that every process of one aggregator shares.
type Key [32]byte

const (
	version = 1
	context = "lamppost acknowledgement link\x00"
	macLen  = sha256.Size
	// maxToken bounds what Read looks at: three texts of 255 bytes and what is around them.
	maxToken = 4 * (1 + 8 + 3*256 + macLen) / 3
)

// Make returns the token of a grant. The error is a text that is too long.
func (k Key) Make(g Grant) (string, error) {
	b := binary.BigEndian.AppendUint64([]byte{version}, uint64(g.Expires.Unix()))
	for _, s := range []string{g.Subject, g.Channel, g.Person} {
		if len(s) > 255 {
			return "", fmt.Errorf("a link cannot hold %d bytes", len(s))
		}
		b = append(append(b, byte(len(s))), s...)
	}
	return base64.RawURLEncoding.EncodeToString(append(b, k.mac(b)...)), nil
}

func (k Key) mac(b []byte) []byte {
	h := hmac.New(sha256.New, k[:])
	h.Write([]byte(context))
	h.Write(b)
	return h.Sum(nil)
}

// Read returns what a token grants at a time, or ErrForged or ErrExpired.
func (k Key) Read(token string, now time.Time) (Grant, error) {
	// The decoder skips line breaks: with them one grant would have many tokens, each to be spent.
	if len(token) > maxToken+2 || strings.ContainsAny(token, "\r\n") {
		return Grant{}, ErrForged
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) < 1+8+3+macLen || b[0] != version {
		return Grant{}, ErrForged
	}
	b, mac := b[:len(b)-macLen], b[len(b)-macLen:]
	if subtle.ConstantTimeCompare(k.mac(b), mac) != 1 {
		return Grant{}, ErrForged
	}
	g := Grant{Expires: time.Unix(int64(binary.BigEndian.Uint64(b[1:])), 0)}
	rest := b[9:]
	for _, s := range []*string{&g.Subject, &g.Channel, &g.Person} {
		if len(rest) == 0 || len(rest) < 1+int(rest[0]) {
			return Grant{}, ErrForged
		}
		*s, rest = string(rest[1:1+int(rest[0])]), rest[1+int(rest[0]):]
	}
	if len(rest) > 0 {
		return Grant{}, ErrForged
	}
	if !now.Before(g.Expires) {
		return g, ErrExpired
	}
	return g, nil
}

// ID names a token where it is noted as spent: who reads that cannot spend another.
func ID(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:16])
}
