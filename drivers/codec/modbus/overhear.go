package modbus

// Overheard says what stands in bytes that a serial line received while nothing was
// asked.
type Overheard struct {
	Alien int // good frames
	Noise int // bytes that belong to none
	// Asked is set when the last thing heard from another master is a read that was
	// not answered yet, of Function from Unit.
	Asked          bool
	Unit, Function uint8
	// Open is where the bytes at the very end begin that belong to no frame, and where one
	// may have begun; len(buf) if there are none.
	Open int
}

// Overhear takes buf apart. Writes are not among what is Asked: nobody takes their
// confirmation for the answer to anything else.
func Overhear(buf []byte) (o Overheard) {
	for i := 0; i < len(buf); {
		rest := buf[i:]
		n, asks := alien(rest)
		if n == 0 {
			o.Noise, i = o.Noise+1, i+1
			continue
		}
		switch unit, function := rest[0], rest[1]&^0x80; {
		case asks:
			o.Asked, o.Unit, o.Function = !confirms(function), unit, function
		case o.Asked && unit == o.Unit && function == o.Function:
			o.Asked = false
		}
		o.Alien, i = o.Alien+1, i+n
		o.Open = i
	}
	return o
}

// confirms says whether function is answered by a confirmation.
func confirms(function uint8) bool { return confirmLen(function) > 0 }
