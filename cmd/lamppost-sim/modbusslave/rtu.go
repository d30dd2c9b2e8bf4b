package modbusslave

// checksum is CRC-16/MODBUS: polynomial 0x8005 reflected, beginning with 0xFFFF.
func checksum(b []byte) uint16 {
	crc := uint16(0xFFFF)
	for _, c := range b {
		crc ^= uint16(c)
		for range 8 {
			low := crc & 1
			crc >>= 1
			if low != 0 {
				crc ^= 0xA001
			}
		}
	}
	return crc
}

// seal appends the checksum of frame to it, low byte first.
func seal(frame []byte) []byte {
	crc := checksum(frame)
	return append(frame, byte(crc), byte(crc>>8))
}

// sealed says whether the last two bytes are the checksum of the others.
func sealed(frame []byte) bool {
	n := len(frame) - 2
	return n >= 2 && checksum(frame[:n]) == uint16(frame[n])|uint16(frame[n+1])<<8
}

// maxRequest is the longest RTU frame.
const maxRequest = 256

// request takes a whole request from what was received since the last silence.
// more says that it is not whole yet; otherwise a nil frame means that these
// bytes are none: a slave then waits for the next silence.
func request(b []byte) (frame []byte, more bool) {
	if len(b) > maxRequest {
		return nil, false
	}
	want := requestLength(b)
	switch {
	case want == 0: // a function whose length is not known: silence would tell, the checksum does
		if sealed(b) {
			return b, false
		}
		return nil, len(b) < 8
	case len(b) < want:
		return nil, true
	case sealed(b[:want]):
		return b[:want], false
	}
	return nil, false
}

// requestLength returns how long the request that begins with b is; 4 or more, as
// far as b tells, and 0 for a function whose requests have no known length.
func requestLength(b []byte) int {
	if len(b) < 2 {
		return 4
	}
	switch b[1] {
	case 1, 2, 3, 4, 5, 6, 8:
		return 8
	case 15, 16:
		if len(b) < 7 {
			return 9
		}
		return 9 + int(b[6])
	case 23:
		if len(b) < 11 {
			return 13
		}
		return 13 + int(b[10])
	}
	return 0
}
