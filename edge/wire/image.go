package wire

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Limits of a picture.
const (
	MaxImage  = 4 << 20             // bytes
	MaxPieces = MaxImage / MaxPiece // 256

	maxImageHead = 1 << 10 // the JSON line before the bytes
)

// Validate checks ids and sizes: Pieces is Bytes divided by MaxPiece, rounded up.
func (m *ImageMeta) Validate() error {
	err := first(checkVersion(m.V), at("id", checkUUID(m.ID)), at("device", obs.CheckID(m.Device)), at("at", m.At.check()),
		at("alert", ifSet(m.Alert, checkUUID)), at("moment", ifSet(m.Moment, checkPictured)))
	switch {
	case err != nil:
		return err
	case m.Bytes < 1 || m.Bytes > MaxImage:
		return fmt.Errorf("bytes: %d is not 1 to %d", m.Bytes, MaxImage)
	case m.Pieces != piecesOf(m.Bytes):
		return fmt.Errorf("pieces: %d bytes make %d, not %d", m.Bytes, piecesOf(m.Bytes), m.Pieces)
	case m.Piece < 0 || m.Piece >= m.Pieces:
		return fmt.Errorf("piece: %d is not 0 to %d", m.Piece, m.Pieces-1)
	}
	return nil
}

func piecesOf(n int) int { return (n + MaxPiece - 1) / MaxPiece }

// size returns how many bytes of the picture are in this piece.
func (m *ImageMeta) size() int { return min(m.Bytes-m.Piece*MaxPiece, MaxPiece) }

// EncodeImage cuts a picture into the payloads of the topics {gw}/image/{id}/0
// and on: one line of JSON, a line feed, and at most MaxPiece bytes. It fills in
// V, Bytes, Pieces and Piece itself.
func EncodeImage(meta ImageMeta, jpeg []byte) ([][]byte, error) {
	meta.V, meta.Bytes, meta.Pieces, meta.Piece = Version, len(jpeg), piecesOf(len(jpeg)), 0
	if err := meta.Validate(); err != nil {
		return nil, err
	}
	pieces := make([][]byte, 0, meta.Pieces)
	for ; meta.Piece < meta.Pieces; meta.Piece++ {
		head, err := json.Marshal(meta)
		if err != nil {
			return nil, err
		}
		from := meta.Piece * MaxPiece
		piece := append(append(head, '\n'), jpeg[from:from+meta.size()]...)
		pieces = append(pieces, piece)
	}
	return pieces, nil
}

// DecodeImage reads one piece. The bytes returned are part of payload.
func DecodeImage(payload []byte) (ImageMeta, []byte, error) {
	end := bytes.IndexByte(payload[:min(len(payload), maxImageHead)], '\n')
	if end < 0 {
		return ImageMeta{}, nil, fmt.Errorf("image piece does not begin with a line of JSON of at most %d bytes", maxImageHead)
	}
	var m ImageMeta
	if err := json.Unmarshal(payload[:end], &m); err != nil {
		return ImageMeta{}, nil, fmt.Errorf("image piece: %w", err)
	}
	if err := m.Validate(); err != nil {
		return ImageMeta{}, nil, fmt.Errorf("image piece: %w", err)
	}
	data := payload[end+1:]
	if len(data) != m.size() {
		return ImageMeta{}, nil, fmt.Errorf("image piece %d has %d bytes, %d are due", m.Piece, len(data), m.size())
	}
	return m, data, nil
}
