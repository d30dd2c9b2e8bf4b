package wire

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// zstdMagic begins every zstd frame (RFC 8878 §3.1.1); a plain pack begins with
// '['. Skippable frames are not accepted: a pack has no use for them.
const zstdMagic = "\x28\xb5\x2f\xfd"

// zstdWindow bounds the memory of both sides; a pack is hardly longer.
const zstdWindow = 128 << 10

// expand returns the JSON of a message, at most MaxExpanded bytes of it. The
// result is valid until the next call.
func (u *Unpacker) expand(msg []byte) (plain []byte, err error) {
	if len(msg) > MaxMessage {
		return nil, fmt.Errorf("%w: %d bytes, %d are allowed", ErrTooLarge, len(msg), MaxMessage)
	}
	if !bytes.HasPrefix(msg, []byte(zstdMagic)) {
		return msg, nil
	}
	if u.zstd == nil {
		if u.zstd, err = newDecoder(); err != nil {
			return nil, err
		}
	}
	u.plain, err = u.zstd.DecodeAll(msg, u.plain[:0])
	switch {
	case errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, zstd.ErrWindowSizeExceeded), len(u.plain) > MaxExpanded:
		return nil, fmt.Errorf("%w: more than %d bytes after decompression", ErrTooLarge, MaxExpanded)
	case errors.Is(err, zstd.ErrUnknownDictionary):
		return nil, fmt.Errorf("zstd frame: %w: %d; this program has %v", ErrDictionary, dictionaryOf(msg), Dictionaries())
	case err != nil:
		return nil, fmt.Errorf("zstd frame: %w", err)
	}
	return u.plain, nil
}

// squeeze makes a zstd frame of a message that is too long as it is. That is so seldom
// that the encoder is not kept.
func squeeze(msg []byte) ([]byte, error) {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(zstdWindow), zstd.WithLowerEncoderMem(true),
		zstd.WithEncoderCRC(false), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	return e.EncodeAll(msg, nil), nil
}
