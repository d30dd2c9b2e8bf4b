// Package modbus turns Modbus requests, answers and register contents into Go
// values and back. It does no I/O, reads no clock and keeps nothing: every
// function is pure, bounded by its input and safe with hostile bytes.
//
// Three layers, smallest first:
//
//   - A PDU is a function code and its data, at most 253 bytes. [Request] is
//     what a master asks, [Answer] what a slave says; an answer may be an
//     [Exception].
//   - A frame carries a PDU. On a serial line (RTU) it is
//     unit | PDU | CRC-16 low byte first; over TCP it is
//     transaction(2) | protocol(2)=0 | length(2) | unit | PDU, big endian.
//     [Scan] finds an answer among noise, echoes and other units' frames.
//   - A [Type] and an [Order] say how registers make a number.
//
// Register numbers are zero-based protocol addresses, as sent on the wire.
// Slices that come out of a decoder alias its input.
//
// Written after "MODBUS Application Protocol Specification V1.1b3" and "MODBUS
// over Serial Line Specification and Implementation Guide V1.02".
package modbus

import "errors"

// What a decoder can find wrong. Exceptions are not among them: an answer that
// refuses is a good answer.
var (
	ErrShort    = errors.New("frame is too short")
	ErrLong     = errors.New("frame is too long")
	ErrChecksum = errors.New("checksum is wrong")
	ErrFormat   = errors.New("frame does not follow the protocol")
	ErrNumber   = errors.New("registers hold no number") // NaN, infinity, a digit above 9
)

// Limits of the protocol.
const (
	MaxPDU       = 253  // bytes, function code included
	MaxRegisters = 125  // in one read
	MaxBits      = 2000 // in one read
)
