package modbus

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// answerLen is the length of the PDU that answers r without refusing it, or 0
// where only the answer itself tells.
func (r Request) answerLen() int {
	switch r.Function {
	case 1, 2:
		return 2 + (int(r.Count)+7)/8
	case 3, 4, 23:
		return 2 + 2*int(r.Count)
	case 5, 6, 15, 16:
		return 5
	case 22:
		return 7
	case 8:
		return 1 + len(r.Data)
	}
	return 0
}

// AnswerFrame is the length of the longest RTU frame that can answer r.
func (r Request) AnswerFrame() int {
	if n := r.answerLen(); n > 0 {
		return n + 3
	}
	return MaxPDU + 3
}

// Repeated says whether a good answer to r has the same bytes as r, so that nobody
// who does not know whether the line echoes can tell the two apart.
func (r Request) Repeated() bool {
	switch r.Function {
	case 5, 6, 8, 22:
		return true
	}
	return false
}

// Mistakable says whether an answer to earlier, coming late, would pass for one to r
// though it says something else.
func (r Request) Mistakable(earlier Request) bool {
	if r.Function != earlier.Function || r.answerLen() != earlier.answerLen() {
		return false
	}
	switch r.Function {
	case 1, 2, 3, 4: // the answer does not say which registers it is about
		return r.Start != earlier.Start
	case 15, 16: // it says which, but not what was written
		return r.Start == earlier.Start && r.Count == earlier.Count && !bytes.Equal(r.Data, earlier.Data)
	case 23:
		return r.Start != earlier.Start || r.WriteStart != earlier.WriteStart || !bytes.Equal(r.Data, earlier.Data)
	case 5, 6, 8, 22: // it says all
		return false
	}
	return !bytes.Equal(r.Data, earlier.Data)
}

// Answers says whether pdu can be the answer to r, by function, length, byte
// count and repeated address. An answer that refuses comes back with its
// Exception; the error, if any, wraps ErrFormat, ErrShort or ErrLong.
func (r Request) Answers(pdu []byte) (Answer, error) {
	a, err := ParseAnswer(pdu)
	switch {
	case err != nil:
		return Answer{}, err
	case a.Function != r.Function:
		return Answer{}, fmt.Errorf("%w: function %d was asked, %d answers", ErrFormat, r.Function, a.Function)
	case a.Exception != 0:
		return a, nil
	}
	if want := r.answerLen(); want != 0 && len(pdu) != want {
		return Answer{}, fmt.Errorf("%w: %d bytes were asked for, %d came", ErrFormat, want, len(pdu))
	}
	if !r.repeatedBy(a) {
		return Answer{}, fmt.Errorf("%w: the answer repeats another write", ErrFormat)
	}
	if r.identifies() {
		if err := r.identifiedBy(pdu); err != nil {
			return Answer{}, err
		}
	}
	return a, nil
}

// repeatedBy says whether a, of the right length, repeats what it has to.
func (r Request) repeatedBy(a Answer) bool {
	be := binary.BigEndian
	switch r.Function {
	case 5, 6, 22:
		return be.Uint16(a.Data) == r.Start && bytes.Equal(a.Data[2:], r.Data)
	case 8:
		return bytes.Equal(a.Data, r.Data) || len(r.Data) < 2 || be.Uint16(r.Data) != 0
	case 15, 16:
		return be.Uint16(a.Data) == r.Start && be.Uint16(a.Data[2:]) == r.Count
	}
	return true
}

func (r Request) identifiedBy(pdu []byte) error {
	id, err := ParseIdentity(pdu)
	if err != nil {
		return err
	}
	if byte(id.Level) != r.Data[1] {
		return fmt.Errorf("%w: identification level %d was asked for, %d came", ErrFormat, r.Data[1], id.Level)
	}
	return nil
}
