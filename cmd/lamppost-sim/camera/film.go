package camera

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// H264Path is where the camera's stream is over RTSP in H.264 (RFC 6184, packetization mode
// 1), with these questions behind it:
//
//	sets=both    where the parameter sets are: sdp (the description only), band (before each
//	             key picture only), both
//	gop=1        every so manieth picture is a key picture, 1 to 100; between them nothing
//	             moves. The stream begins behind a key picture, as one that plays already
//	slices=2     of a key picture, 1 to 30
//	size=640x480 what the sequence parameter set claims, in multiples of 16; the pictures
//	             stay as large as they are
const H264Path = "/h264"

// film is a stream in H.264, as it was asked for.
type film struct {
	sets, gop, slices int
	claim             [2]int
	coder             *coder
	n                 int // pictures sent
}

// Where parameter sets are.
const (
	inDescription = 1 << iota
	inBand
)

func newFilm(q url.Values) (*film, error) {
	f := &film{sets: inDescription | inBand, gop: 1, slices: 2, coder: &coder{}, claim: [2]int{Width, Height}}
	switch q.Get("sets") {
	case "", "both":
	case "sdp":
		f.sets = inDescription
	case "band":
		f.sets = inBand
	default:
		return nil, errors.New("sets: sdp, band or both")
	}
	for _, n := range []struct {
		key  string
		to   *int
		most int
	}{{"gop", &f.gop, 100}, {"slices", &f.slices, 30}} {
		if text := q.Get(n.key); text != "" {
			v, err := strconv.Atoi(text)
			if err != nil || v < 1 || v > n.most {
				return nil, fmt.Errorf("%s: 1 to %d", n.key, n.most)
			}
			*n.to = v
		}
	}
	if text := q.Get("size"); text != "" {
		if _, err := fmt.Sscanf(text, "%dx%d", &f.claim[0], &f.claim[1]); err != nil || slices.Min(f.claim[:]) < 16 || slices.Max(f.claim[:]) > 1<<16 {
			return nil, errors.New("size: 640x480")
		}
	}
	return f, nil
}

// parameterSets are those of what the film claims.
func (f *film) parameterSets() (sequence, picture []byte) {
	c := coder{width: f.claim[0], height: f.claim[1]}
	return c.sequence(), c.picture()
}

// payloadH264 is the payload type of the stream.
const payloadH264 = 96

func (f *film) describe() string {
	sdp := "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=lamppost-sim\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\nc=IN IP4 0.0.0.0\r\n" +
		"a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1;profile-level-id=42C028"
	if f.sets&inDescription != 0 {
		sequence, picture := f.parameterSets()
		sdp += ";sprop-parameter-sets=" + base64.StdEncoding.EncodeToString(sequence) + "," + base64.StdEncoding.EncodeToString(picture)
	}
	return sdp + "\r\na=control:trackID=0\r\n"
}

// code codes a picture: its units, the parameter sets apart.
func (f *film) code(picture []byte) (sets, units [][]byte, err error) {
	f.n++
	if f.gop > 1 && f.n%f.gop != 0 {
		return nil, [][]byte{f.coder.same()}, nil
	}
	m, err := planes(picture)
	if err != nil {
		return nil, nil, err
	}
	f.coder.width, f.coder.height = m.Rect.Dx(), m.Rect.Dy()
	if f.sets&inBand != 0 {
		sequence, set := f.parameterSets()
		sets = [][]byte{sequence, set}
	}
	rows := (f.coder.height/16 + f.slices - 1) / f.slices
	return sets, f.coder.intra(m, rows), nil
}

// sendH264 sends a picture: its parameter sets in one aggregation packet, its units in
// fragments where they are longer than a packet. torn leaves a packet out.
func (w *watcher) sendH264(picture []byte, torn bool) error {
	if w.film.coder.width == 0 { // nothing was coded yet: what a still picture looks like is not known
		w.film.coder.width, w.film.coder.height = w.film.claim[0], w.film.claim[1]
	}
	sets, units, err := w.film.code(picture)
	if err != nil {
		return err
	}
	var payloads [][]byte
	if len(sets) > 0 {
		stap := []byte{0x78}
		for _, s := range sets {
			stap = append(binary.BigEndian.AppendUint16(stap, uint16(len(s))), s...)
		}
		payloads = append(payloads, stap)
	}
	for _, u := range units {
		payloads = append(payloads, fragments(u)...)
	}
	stamp := uint32(time.Now().UnixMilli() * 90)
	for i, p := range payloads {
		b := []byte{'$', w.channel, 0, 0, 0x80, payloadH264}
		if i == len(payloads)-1 {
			b[5] |= 0x80
		}
		b = binary.BigEndian.AppendUint16(b, w.seq)
		b = binary.BigEndian.AppendUint32(b, stamp)
		b = append(append(b, 'l', 'a', 'm', 'p'), p...)
		binary.BigEndian.PutUint16(b[2:], uint16(len(b)-4))
		w.seq++
		if torn && i == len(payloads)/2 {
			continue
		}
		if err := w.write(b); err != nil {
			return err
		}
	}
	return nil
}

// fragments are the payloads of a unit: itself, or FU-A of which the first and the last say
// so.
func fragments(u []byte) (all [][]byte) {
	if len(u) <= payload {
		return [][]byte{u}
	}
	body := u[1:]
	for at := 0; at < len(body); at += payload {
		end := min(at+payload, len(body))
		head := []byte{u[0]&0xE0 | 28, u[0] & 0x1F}
		if at == 0 {
			head[1] |= 0x80
		}
		if end == len(body) {
			head[1] |= 0x40
		}
		all = append(all, append(head, body[at:end]...))
	}
	return all
}
