package modbus

import (
	"fmt"
)

// Function 43 carries several services; 14 reads the device identification
// (Application Protocol Specification 6.21).
const (
	encapsulated = 43
	identity     = 14
)

// Level says how much of its identification a unit is asked for.
type Level uint8

// The levels. The first three are answered as a stream of objects, in as many
// answers as it takes; One asks for a single object, which some parts only allow.
const (
	Basic    Level = 1 // vendor, product code, version: objects 0 to 2
	Regular  Level = 2 // and what else the specification names: objects up to 0x7F
	Extended Level = 3 // and the vendor's own: objects from 0x80
	One      Level = 4
)

// Object is one piece of a unit's identification. ID 0 is the vendor's name, 1 the
// product code, 2 the version, 3 the vendor's address on the web, 4 the product's
// name, 5 the model's, 6 the user's name for it. Value is text by the specification
// and whatever the part says in fact.
type Object struct {
	ID    uint8
	Value []byte
}

// Identity is one answer to an IdentityRequest.
type Identity struct {
	Level      Level
	Conformity uint8 // the highest Level that the unit has, plus 0x80 if it takes One
	More       bool  // ask again, from the object Next
	Next       uint8
	Objects    []Object // aliases the answer
}

// IdentityRequest asks a unit what it is, from the object first on.
func IdentityRequest(level Level, first uint8) Request {
	return Request{Function: encapsulated, Data: []byte{identity, byte(level), first}}
}

// identifies says whether r is an IdentityRequest.
func (r Request) identifies() bool {
	return r.Function == encapsulated && first(r.Data) == identity
}

func (r Request) checkIdentity() error {
	if len(r.Data) != 3 || r.Data[1] < byte(Basic) || r.Data[1] > byte(One) {
		return fmt.Errorf("%w: identification is asked for with a level of 1 to 4 and an object, not % x", ErrFormat, r.Data)
	}
	return nil
}

// identityHead is the length of an identity PDU before its objects: function,
// service, level, conformity, more, next, count.
const identityHead = 7

// identityLen returns the length of the identity PDU at the start of b as far as b
// tells; more says that it may be longer.
func identityLen(b []byte) (n int, more bool) {
	if len(b) < identityHead {
		return identityHead, true
	}
	n = identityHead
	for range b[identityHead-1] {
		if n+2 > len(b) {
			return n + 2, true
		}
		n += 2 + int(b[n+1])
	}
	return n, len(b) < n
}

// ParseIdentity takes an identity PDU, function code included, apart. Its errors
// wrap ErrFormat, ErrShort or ErrLong.
func ParseIdentity(pdu []byte) (Identity, error) {
	n, more := identityLen(pdu)
	switch {
	case len(pdu) > MaxPDU:
		return Identity{}, fmt.Errorf("%w: identification of %d bytes", ErrLong, len(pdu))
	case more:
		return Identity{}, fmt.Errorf("%w: identification of %d bytes, at least %d are announced", ErrShort, len(pdu), n)
	case pdu[0] != encapsulated || pdu[1] != identity:
		return Identity{}, fmt.Errorf("%w: no identification begins with % x", ErrFormat, pdu[:2])
	case n != len(pdu):
		return Identity{}, fmt.Errorf("%w: identification announces %d bytes and has %d", ErrFormat, n, len(pdu))
	case pdu[4] != 0 && pdu[4] != 0xFF:
		return Identity{}, fmt.Errorf("%w: the mark that more follows is 00 or ff, not %02x", ErrFormat, pdu[4])
	}
	id := Identity{Level: Level(pdu[2]), Conformity: pdu[3], More: pdu[4] != 0, Next: pdu[5]}
	for b := pdu[identityHead:]; len(b) > 0; {
		end := 2 + int(b[1])
		id.Objects = append(id.Objects, Object{b[0], b[2:end]})
		b = b[end:]
	}
	return id, nil
}

// Append appends the PDU of id to dst.
func (id Identity) Append(dst []byte) []byte {
	more := byte(0)
	if id.More {
		more = 0xFF
	}
	dst = append(dst, encapsulated, identity, byte(id.Level), id.Conformity, more, id.Next, byte(len(id.Objects)))
	for _, o := range id.Objects {
		dst = append(dst, o.ID, byte(len(o.Value)))
		dst = append(dst, o.Value...)
	}
	return dst
}
