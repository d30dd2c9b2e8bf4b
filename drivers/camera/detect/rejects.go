package detect

import (
	"bytes"
	"fmt"

	"github.com/lamppost-city/lamppost/drivers"
)

// mostNoise is how many bytes of a line that was never meant as an answer are repeated
// beside an answer that is wrong.
const mostNoise = 60

// rejects are the lines that came instead of an answer to one question. One that was meant
// as an answer, which begins as a JSON object does, says what is wrong with the program; a
// banner or a note of a library only hides that. The zero value has none.
type rejects struct {
	noise error  // the first line that was not meant as an answer
	said  string // that line
	wrong error  // the first one that was
}

// add takes in a line and what is wrong with it, and says whether that changes what there
// is to tell.
func (r *rejects) add(line []byte, err error) (news bool) {
	switch meant := bytes.HasPrefix(bytes.TrimSpace(line), []byte("{")); {
	case meant && r.wrong == nil:
		r.wrong = err
	case !meant && r.noise == nil && r.wrong == nil:
		r.noise, r.said = err, string(line)
	default:
		return false
	}
	return true
}

// err tells the wrong answer, and shortly what came before it; else the noise; nil: there
// was neither. It wraps drivers.ErrProtocol.
func (r *rejects) err() error {
	switch {
	case r.wrong != nil && r.said != "":
		return fmt.Errorf("%w: %w; before that it wrote %s, which is no answer either", drivers.ErrProtocol, r.wrong, quoteUpTo(r.said, mostNoise))
	case r.wrong != nil:
		return fmt.Errorf("%w: %w", drivers.ErrProtocol, r.wrong)
	case r.noise != nil:
		return fmt.Errorf("%w: %w", drivers.ErrProtocol, r.noise)
	}
	return nil
}
