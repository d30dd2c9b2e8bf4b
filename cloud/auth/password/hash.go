// Package password keeps passwords as Argon2id hashes and judges new ones.
//
// A hash is a text of the PHC form, $argon2id$v=19$m=19456,t=2,p=1$salt$hash, with its
// parameters in it: they can be raised later, and old hashes are made anew at the next
// login. Parameters beyond the bounds of this package are refused, so that a row that
// was tampered with cannot make a login eat the memory.
//
// Hashing is expensive on purpose: a Hasher does so many at once and lets so many wait;
// further ones are told view.ErrBusy. So logins, and strangers who try, take at most
// Slots × Memory of working memory.
package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// Params is what a hash costs.
type Params struct {
	Memory  uint32 // KiB, 8 per thread to 256 MiB
	Time    uint32 // passes, 1 to 16
	Threads uint8  // 1 to 16
}

// Default is 19 MiB, two passes, one thread: the OWASP password storage sheet's first
// choice for where many log in on a small machine.
func Default() Params { return Params{Memory: 19456, Time: 2, Threads: 1} }

// Bounds of what a stored hash may ask for.
const (
	maxMemory  = 256 << 10
	maxTime    = 16
	maxThreads = 16
	saltSize   = 16 // of new hashes, in bytes; RFC 9106 section 3.1
	sumSize    = 32
	maxStored  = 512 // bytes of a hash's text
)

var errForm = errors.New("this is no Argon2id hash that is taken here")

// stored is a hash, taken apart.
type stored struct {
	Params
	salt, sum []byte
}

func (s stored) String() string {
	b := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, s.Memory, s.Time, s.Threads, b.EncodeToString(s.salt), b.EncodeToString(s.sum))
}

// parse takes a hash apart. Only what String writes is taken.
func parse(text string) (s stored, err error) {
	parts := strings.Split(text, "$")
	if len(text) > maxStored || len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return s, errForm
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &s.Memory, &s.Time, &s.Threads); err != nil {
		return s, errForm
	}
	b := base64.RawStdEncoding.Strict()
	var err1, err2 error
	s.salt, err1 = b.DecodeString(parts[4])
	s.sum, err2 = b.DecodeString(parts[5])
	if err1 != nil || err2 != nil || !s.good() || len(s.salt) < 8 || len(s.salt) > 64 || len(s.sum) < 16 || len(s.sum) > 64 || s.String() != text {
		return s, errForm
	}
	return s, nil
}

func (p Params) good() bool {
	return p.Memory <= maxMemory && p.Time >= 1 && p.Time <= maxTime && p.Threads >= 1 && p.Threads <= maxThreads && p.Memory >= 8*uint32(p.Threads)
}

// Hasher makes and checks hashes, a few at a time. It is safe for concurrent use.
type Hasher struct {
	params Params
	slots  chan struct{} // one for each that is at work
	queue  chan struct{} // one for each that is at work or waits
	dummy  stored
}

// NewHasher returns a hasher that works on slots passwords at once and lets waiting
// more wait.
func NewHasher(p Params, slots, waiting int) (*Hasher, error) {
	if !p.good() || slots < 1 || waiting < 0 {
		return nil, fmt.Errorf("password: %+v with %d at once and %d waiting is out of bounds", p, slots, waiting)
	}
	h := &Hasher{params: p, slots: make(chan struct{}, slots), queue: make(chan struct{}, slots+waiting)}
	h.dummy = stored{Params: p, salt: make([]byte, saltSize), sum: make([]byte, sumSize)}
	if _, err := rand.Read(h.dummy.sum); err != nil {
		return nil, fmt.Errorf("password: %w", err)
	}
	return h, nil
}

// key computes the hash's sum of a password.
func (h *Hasher) key(ctx context.Context, p Params, password string, salt []byte, size int) ([]byte, error) {
	select {
	case h.queue <- struct{}{}:
		defer func() { <-h.queue }()
	default:
		return nil, fmt.Errorf("password: %w", view.ErrBusy)
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("password: %w", ctx.Err())
	}
	return argon2.IDKey([]byte(password), salt, p.Time, p.Memory, p.Threads, uint32(size)), nil
}

// Hash returns the hash of a password, with a new salt.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	s := stored{Params: h.params, salt: make([]byte, saltSize)}
	if _, err := rand.Read(s.salt); err != nil {
		return "", fmt.Errorf("password: %w", err)
	}
	var err error
	s.sum, err = h.key(ctx, s.Params, password, s.salt, sumSize)
	if err != nil {
		return "", err
	}
	return s.String(), nil
}

// Check says whether a password has this hash, and whether the hash should be made
// anew because the parameters have changed. An empty hash is that of nobody: it is
// checked against one that no password has, and takes as long. An error means that it
// could not be checked.
func (h *Hasher) Check(ctx context.Context, password, hash string) (ok, anew bool, err error) {
	s, nobody := h.dummy, hash == ""
	if !nobody {
		if s, err = parse(hash); err != nil {
			return false, false, fmt.Errorf("password: %w", err)
		}
	}
	sum, err := h.key(ctx, s.Params, password, s.salt, len(s.sum))
	if err != nil {
		return false, false, err
	}
	ok = subtle.ConstantTimeCompare(sum, s.sum) == 1 && !nobody
	return ok, ok && s.Params != h.params, nil
}
