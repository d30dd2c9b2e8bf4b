package wire

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// NewEpoch names the counter-th opening of a journal with 48 random bits.
func NewEpoch(counter uint32, salt [6]byte) Epoch {
	return Epoch(strconv.FormatUint(uint64(counter), 10) + "-" + hex.EncodeToString(salt[:]))
}

// Validate accepts what NewEpoch writes.
func (e Epoch) Validate() error {
	_, err := e.parse()
	return err
}

// Counter returns the number of the opening, or 0 if e is not valid. Two epochs
// of one gateway with the same counter mean a cloned card.
func (e Epoch) Counter() uint32 {
	n, _ := e.parse()
	return n
}

func (e Epoch) parse() (uint32, error) {
	count, salt, ok := strings.Cut(string(e), "-")
	n, err := strconv.ParseUint(count, 10, 32)
	if !ok || err != nil || strconv.FormatUint(n, 10) != count || len(salt) != 12 || !isHex(salt) {
		return 0, fmt.Errorf("epoch %q is not a counter, '-' and 12 hex digits", clip(string(e)))
	}
	return uint32(n), nil
}

func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// checkBoot accepts boot ids: a UUID as Linux gives it, or another 8 to 36
// characters of lower-case hex and '-'.
func checkBoot(id string) error {
	if n := len(id); n < 8 || n > 36 || !isHex(strings.ReplaceAll(id, "-", "")) {
		return fmt.Errorf("boot id %q is not 8 to 36 characters of 0-9 a-f -", clip(id))
	}
	return nil
}

// checkUUID accepts the text form of a UUIDv7 (RFC 9562) in lower case.
func checkUUID(id string) error {
	ok := len(id) == 36 && id[8] == '-' && id[13] == '-' && id[18] == '-' && id[23] == '-' &&
		id[14] == '7' && strings.IndexByte("89ab", id[19]) >= 0 &&
		isHex(id[:8]+id[9:13]+id[14:18]+id[19:23]+id[24:])
	if !ok {
		return fmt.Errorf("%q is not a UUIDv7 in lower case", clip(id))
	}
	return nil
}

// checkWord accepts the short words that say why: [a-z0-9][a-z0-9-]{0,31}.
func checkWord[T ~string | ~[]byte](w T) error {
	ok := len(w) >= 1 && len(w) <= 32 && w[0] != '-'
	for i := 0; ok && i < len(w); i++ {
		c := w[i]
		ok = c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-'
	}
	if !ok {
		return fmt.Errorf("%q is not a word of 1 to 32 characters a-z 0-9 -", clip(string(w)))
	}
	return nil
}

// checkUnit accepts unit codes: up to 32 printable ASCII characters that need no
// escape in JSON. Empty is allowed: no unit.
func checkUnit[T ~string | ~[]byte](u T) error {
	ok := len(u) <= 32
	for i := 0; ok && i < len(u); i++ {
		c := u[i]
		ok = c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&'
	}
	if !ok {
		return fmt.Errorf("%q is not a unit code of up to 32 printable ASCII characters", clip(string(u)))
	}
	return nil
}
