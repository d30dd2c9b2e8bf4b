package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// version stands at the front of everything that is hashed.
const version = "lamppost audit 1"

// genesis is the hash before the first line of a chain.
func genesis(chain string) string {
	sum := sha256.Sum256([]byte(version + " " + chain))
	return hex.EncodeToString(sum[:])
}

// link is the hash of a line that follows the hash before.
func link(before string, e *view.Audit) string {
	sum := sha256.Sum256(canonical(before, e))
	return hex.EncodeToString(sum[:])
}

// canonical is what is hashed of a line: different lines have different bytes,
// because each text stands behind its length.
func canonical(before string, e *view.Audit) []byte {
	b := []byte(version)
	prior, err := hex.DecodeString(before)
	if err != nil || len(prior) != sha256.Size {
		prior = make([]byte, sha256.Size) // not a hash: the line cannot fit, and shows it
	}
	b = append(b, prior...)
	b = binary.BigEndian.AppendUint64(b, uint64(e.N))
	b = binary.BigEndian.AppendUint64(b, uint64(e.At))
	for _, s := range texts(e) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(*s)))
		b = append(b, *s...)
	}
	return b
}

// texts are the fields of a line that come from outside, in their order.
func texts(e *view.Audit) []*string {
	return []*string{&e.Who, &e.Role, &e.From, &e.What, &e.About, &e.Old, &e.New, &e.Result}
}
