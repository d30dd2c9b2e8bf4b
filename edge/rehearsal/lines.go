package rehearsal

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// maxLine is how long a line of a file may be.
const maxLine = 1 << 20

// ReadLines reads InfluxDB line protocol and gives each reading to take. A point with a
// tag device and a field v is a reading of the stream device.measurement, with qc its
// flag; any other is one reading for each number in it, of the stream measurement.field.
// gateway, unless it is empty, leaves out points whose tag gateway is another. What has
// no time is passed over, and counted. The error is a *FormatError or the reader's.
func ReadLines(in io.Reader, gateway string, take func(Record)) (aside Aside, err error) {
	s := bufio.NewScanner(in)
	s.Buffer(make([]byte, 0, 64<<10), maxLine)
	line, n := 0, 0
	for s.Scan() {
		line++
		text := strings.TrimSpace(s.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		p, err := parsePoint(text)
		if err != nil {
			return aside, &FormatError{line, err.Error(), "a line is measurement,tag=x field=1.0 time"}
		}
		switch {
		case !p.dated:
			aside.Undated++
			continue
		case gateway != "" && p.tags["gateway"] != "" && p.tags["gateway"] != gateway:
			continue
		}
		if err := p.readings(func(r Record) { n++; take(r) }); err != nil {
			return aside, &FormatError{line, err.Error(), "write whole codes: 1, 2, 3, 4, 9"}
		}
		if n > MaxRecords {
			return aside, &FormatError{line, fmt.Sprintf("the file has more than %d readings", MaxRecords), "cut it"}
		}
	}
	if errors.Is(s.Err(), bufio.ErrTooLong) {
		return aside, &FormatError{line + 1, fmt.Sprintf("the line has more than %d bytes", maxLine), "one point stands on one line"}
	}
	return aside, s.Err()
}

// point is one line: fields are as written.
type point struct {
	measurement  string
	tags, fields map[string]string
	unixMS       int64
	dated        bool
}

func parsePoint(text string) (p point, err error) {
	key, rest := cutAt(text, ' ', false)
	fields, stamp := cutAt(strings.TrimLeft(rest, " "), ' ', true)
	p.tags, p.fields = map[string]string{}, map[string]string{}
	p.measurement, key = cutAt(key, ',', false)
	if p.measurement = plain(p.measurement); p.measurement == "" || fields == "" {
		return p, errors.New("this is no point")
	}
	if p.tags, err = pairs(key, false); err != nil {
		return p, err
	}
	if p.fields, err = pairs(fields, true); err != nil {
		return p, err
	}
	if stamp = strings.TrimSpace(stamp); stamp != "" {
		n, err := strconv.ParseInt(stamp, 10, 64)
		if err != nil {
			return p, fmt.Errorf("%q is no time", stamp)
		}
		if p.unixMS, err = wholeTime(n); err != nil {
			return p, err
		}
		p.dated = true
	}
	return p, nil
}

// pairs parts key=value, separated by commas.
func pairs(text string, quoted bool) (map[string]string, error) {
	all := map[string]string{}
	for text != "" {
		var one string
		one, text = cutAt(text, ',', quoted)
		k, v := cutAt(one, '=', false)
		if k == "" || v == "" {
			return nil, fmt.Errorf("%q is no key=value", one)
		}
		all[plain(k)] = v
	}
	return all, nil
}

// cutAt parts a text at the first sep that no backslash stands before and, if quoted,
// that stands in no quotes.
func cutAt(text string, sep byte, quoted bool) (before, after string) {
	inside := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			i++
		case c == '"' && quoted:
			inside = !inside
		case c == sep && !inside:
			return text[:i], text[i+1:]
		}
	}
	return text, ""
}

// plain takes the backslashes out of a name.
func plain(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && strings.IndexByte(`,= \`, s[i+1]) >= 0 {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// number is the value of a field that is one.
func number(field string) (string, bool) {
	text := strings.TrimRight(field, "iu")
	_, err := strconv.ParseFloat(text, 64)
	return text, err == nil
}

func (p *point) readings(take func(Record)) error {
	if v, ok := p.fields["v"]; ok && p.tags["device"] != "" {
		value, ok := number(v)
		if !ok {
			value = ""
		}
		qc, _ := number(p.fields["qc"])
		r, err := reading(value, qc, strings.Trim(p.fields["why"], `"`))
		if err != nil {
			return err
		}
		take(Record{p.unixMS, obs.Stream{Device: plain(p.tags["device"]), Channel: p.measurement}, r})
		return nil
	}
	for _, name := range sorted(p.fields) {
		if value, ok := number(p.fields[name]); ok {
			r, err := reading(value, "", "")
			if err != nil {
				return err
			}
			take(Record{p.unixMS, obs.Stream{Device: p.measurement, Channel: name}, r})
		}
	}
	return nil
}
