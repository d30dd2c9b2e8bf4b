// Package totp computes the one-time codes of RFC 6238 as authenticator apps do: HMAC-SHA-1,
// steps of 30 seconds, six digits. It is pure: the time comes in, and which step was
// used last is the caller's to keep.
package totp

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238's default, and the only one that all authenticator apps know
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"time"
)

// SecretSize is the length of a secret in bytes: that of the hash (RFC 4226 section 4, R6).
const SecretSize = 20

const (
	step   = 30 // seconds
	digits = 6
	skew   = 1 // steps before and after now that are taken: a phone's clock is off, a person types slowly
)

// code is the one of a step (RFC 4226 section 5.3).
func code(secret []byte, at int64, length int) string {
	mac := hmac.New(sha1.New, secret)
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(at))
	mac.Write(counter[:])
	sum := mac.Sum(nil)
	n := binary.BigEndian.Uint32(sum[sum[len(sum)-1]&0xf:]) & 0x7fff_ffff
	mod := uint32(1)
	for range length {
		mod *= 10
	}
	return fmt.Sprintf("%0*d", length, n%mod)
}

// Code is the one that an app shows at an instant.
func Code(secret []byte, now time.Time) string { return code(secret, now.Unix()/step, digits) }

// Check says whether a code is right at an instant, and of which step it is. A code of
// the step last or of an earlier one is refused: it was used, or could have been seen
// (RFC 6238 section 5.2). The time that it takes does not depend on the code.
func Check(secret []byte, given string, now time.Time, last int64) (used int64, ok bool) {
	at := now.Unix() / step
	for s := at - skew; s <= at+skew; s++ {
		if subtle.ConstantTimeCompare([]byte(given), []byte(code(secret, s, digits))) == 1 && s > last {
			used, ok = s, true
		}
	}
	return used, ok
}

// Text is a secret as a person types it into an app: base32 without padding.
func Text(secret []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
}

// URI is what the QR code for an app holds.
func URI(secret []byte, issuer, account string) string {
	q := url.Values{"secret": {Text(secret)}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {fmt.Sprint(digits)}, "period": {fmt.Sprint(step)}}
	// PathEscape leaves a colon, which separates the issuer from the account here.
	return "otpauth://totp/" + url.PathEscape(issuer) + ":" + url.PathEscape(account) + "?" + q.Encode()
}
