package record

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// AppendEvent encodes e behind dst, without its epoch and number.
func AppendEvent(dst []byte, e wire.Event) ([]byte, error) {
	e.Epoch, e.Seq = "", 0
	return appendJSON(dst, "event", e)
}

// DecodeEvent is the inverse of AppendEvent; epoch and number are the record's
// in the journal. The event is valid to travel.
func DecodeEvent(body []byte, epoch journal.Epoch, seq uint64) (wire.Event, error) {
	var e wire.Event
	if err := decodeJSON(body, "event", &e); err != nil {
		return wire.Event{}, err
	}
	e.Epoch, e.Seq = wire.Epoch(epoch.String()), seq
	if err := e.Validate(); err != nil {
		return wire.Event{}, fmt.Errorf("event: %w: %w", ErrFormat, err)
	}
	return e, nil
}

// AppendAlert encodes one revision of an alert behind dst, without its epoch and
// number.
func AppendAlert(dst []byte, a wire.Alert) ([]byte, error) {
	a.Epoch, a.Seq = "", 0
	return appendJSON(dst, "alert", a)
}

// DecodeAlert is the inverse of AppendAlert; epoch and number are the record's in
// the journal. The revision is valid to travel.
func DecodeAlert(body []byte, epoch journal.Epoch, seq uint64) (wire.Alert, error) {
	var a wire.Alert
	if err := decodeJSON(body, "alert", &a); err != nil {
		return wire.Alert{}, err
	}
	a.Epoch, a.Seq = wire.Epoch(epoch.String()), seq
	if err := a.Validate(); err != nil {
		return wire.Alert{}, fmt.Errorf("alert: %w: %w", ErrFormat, err)
	}
	return a, nil
}

func appendJSON(dst []byte, what string, v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return dst, fmt.Errorf("%s: %w", what, err)
	}
	return append(append(dst, Version), b...), nil
}

func decodeJSON(body []byte, what string, v any) error {
	if len(body) == 0 || body[0] != Version {
		return fmt.Errorf("%s: %w: unknown version", what, ErrFormat)
	}
	if len(body) > wire.MaxMessage {
		return fmt.Errorf("%s: %w: %d bytes; at most %d can travel", what, ErrFormat, len(body), wire.MaxMessage)
	}
	if err := json.Unmarshal(body[1:], v); err != nil {
		return fmt.Errorf("%s: %w: %w", what, ErrFormat, err)
	}
	return nil
}

// AppendImage encodes a picture and what is known of it behind dst.
func AppendImage(dst []byte, meta wire.ImageMeta, jpeg []byte) ([]byte, error) {
	b, err := json.Marshal(meta)
	if err != nil {
		return dst, fmt.Errorf("image: %w", err)
	}
	if n := len(b) + len(jpeg) + 1 + binary.MaxVarintLen64; n > journal.MaxRecord {
		return dst, fmt.Errorf("image %s: %d bytes; at most %d fit into a record", meta.ID, n, journal.MaxRecord)
	}
	dst = binary.AppendUvarint(append(dst, Version), uint64(len(b)))
	return append(append(dst, b...), jpeg...), nil
}

// DecodeImage is the inverse of AppendImage. jpeg is the caller's to keep.
func DecodeImage(body []byte) (meta wire.ImageMeta, jpeg []byte, err error) {
	if len(body) == 0 || body[0] != Version {
		return meta, nil, fmt.Errorf("image: %w: unknown version", ErrFormat)
	}
	n, w := binary.Uvarint(body[1:])
	if w <= 0 || n > uint64(len(body)-1-w) {
		return meta, nil, fmt.Errorf("image: %w: cut short", ErrFormat)
	}
	text := body[1+w : 1+w+int(n)]
	if err := json.Unmarshal(text, &meta); err != nil {
		return wire.ImageMeta{}, nil, fmt.Errorf("image: %w: %w", ErrFormat, err)
	}
	return meta, bytes.Clone(body[1+w+int(n):]), nil
}
