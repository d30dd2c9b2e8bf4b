package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Errors of the decoders. Whatever else a decoder returns says that the message
// is wrong and will stay wrong.
var (
	// ErrVersion: written by a program too new or too old for this one. An
	// aggregator refuses such a message with Retry: it may be updated soon.
	ErrVersion = errors.New("message version is not supported")
	// ErrTooLarge: over a limit. What was being encoded can be cut in two.
	ErrTooLarge = errors.New("message is too large")
)

// Message is a JSON document of the contract: Event, Alert, Ack, Online, State,
// Command, Reply.
type Message interface {
	// Validate returns the first thing that is wrong, by field.
	Validate() error
}

// Encode checks m and writes it as JSON, at most MaxMessage bytes. A state that has
// more, of a gateway with hundreds of devices, becomes a zstd frame.
func Encode(m Message) ([]byte, error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(m); err != nil {
		return nil, err
	}
	data := bytes.TrimSuffix(b.Bytes(), []byte{'\n'})
	if _, long := m.(*State); long && len(data) > MaxMessage && len(data) <= MaxExpanded {
		var err error
		if data, err = squeeze(data); err != nil {
			return nil, err
		}
	}
	if len(data) > MaxMessage {
		return nil, fmt.Errorf("%w: %d bytes, %d are allowed", ErrTooLarge, len(data), MaxMessage)
	}
	return data, nil
}

// Decode reads one JSON document into m, a pointer to a zero message, and checks
// it. Fields it does not know are ignored. On an error m must not be used.
func Decode(data []byte, m Message) error {
	if len(data) > MaxMessage {
		return fmt.Errorf("%w: %d bytes, %d are allowed", ErrTooLarge, len(data), MaxMessage)
	}
	if _, long := m.(*State); long && bytes.HasPrefix(data, []byte(zstdMagic)) {
		var u Unpacker
		var err error
		if data, err = u.expand(data); err != nil {
			return err
		}
	}
	// The version first: a new version may have fields of another shape.
	var v struct {
		V *int `json:"v"`
	}
	if err := json.Unmarshal(data, &v); err != nil {
		return fmt.Errorf("not a JSON document with a version: %w", err)
	}
	if v.V == nil {
		return fmt.Errorf("v: there is no version")
	}
	if err := checkVersion(*v.V); err != nil {
		return err
	}
	if err := json.Unmarshal(data, m); err != nil {
		return fmt.Errorf("not valid: %w", err)
	}
	return m.Validate()
}

// checkVersion accepts this version and the two before it.
func checkVersion(v int) error {
	if v < max(1, Version-2) || v > Version {
		return fmt.Errorf("v: %w: %d, this program reads %d to %d", ErrVersion, v, max(1, Version-2), Version)
	}
	return nil
}
