package modbus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
)

// identifier is what a line's owner offers for function 43/14.
type identifier interface {
	Identify(ctx context.Context, level codec.Level, first uint8) ([]codec.Object, error)
}

// greet makes sure, before values count and again after each failure, that it is the
// part that answers, and that it measures.
func (d *driver) greet(ctx context.Context) error {
	if d.known {
		return nil
	}
	if err := d.identify(ctx); err != nil {
		return err
	}
	if err := d.start(ctx); err != nil {
		return err
	}
	d.known = true
	return nil
}

// identify makes sure, before values count, that it is the part that answers:
// addresses are mixed up when parts are replaced, and adapters change their numbers.
func (d *driver) identify(ctx context.Context) error {
	id := d.profile.Identify
	if !id.sure() {
		return nil
	}
	var err error
	switch {
	case id.asks():
		err = d.identifyByName(ctx, id)
	default:
		err = d.identifyByRegister(ctx, id)
	}
	if err != nil {
		return fmt.Errorf("identification: %w", err)
	}
	return nil
}

func (d *driver) identifyByRegister(ctx context.Context, id *Identify) error {
	words, err := d.unit.ReadRegisters(ctx, id.Function, id.Address, uint16(id.words()))
	if err != nil {
		return err
	}
	if len(words) < id.words() {
		return fmt.Errorf("%w: %d registers came", drivers.ErrProtocol, len(words))
	}
	if found, ok := id.matches(words); !ok {
		return fmt.Errorf("%w: register 0x%04X (function %d) holds %s, a %s has %s there", drivers.ErrWrongPart, id.Address, id.Function, found, d.profile.ID, id.want())
	}
	return nil
}

// matches says whether the registers hold what the part has there, and what they do
// hold.
func (id *Identify) matches(words []uint16) (found string, ok bool) {
	if id.Text > 0 {
		s, err := codec.Text(words[:id.Text], id.Order)
		if err != nil {
			return "no text (" + digits(words[:id.Text]) + ")", false
		}
		return strconv.Quote(s), strings.HasPrefix(s, id.Begins)
	}
	n, _ := id.Type.Decode(words, id.Order) // what is no number is another number
	return fmt.Sprintf("0x%X", n.Raw), slices.Contains(id.Equals, n.Raw)
}

// want is what the part has in its registers, for a message.
func (id *Identify) want() string {
	if id.Text > 0 {
		return strconv.Quote(id.Begins) + " …"
	}
	return id.Equals.String()
}

var errNoIdentity = errors.New("this line cannot ask for the identification (function 43/14)")

func (d *driver) identifyByName(ctx context.Context, id *Identify) error {
	objects, err := d.objects(ctx)
	if err != nil {
		return err
	}
	for _, o := range []struct {
		id         uint8
		what, want string
	}{{0, "vendor", id.Vendor}, {1, "product", id.Product}} {
		if found := objects[o.id]; !strings.HasPrefix(found, o.want) {
			return fmt.Errorf("%w: its %s (function 43/14) is %q, that of a %s begins with %q", drivers.ErrWrongPart, o.what, found, d.profile.ID, o.want)
		}
	}
	return nil
}

// objects asks the part for its vendor, product code and version.
func (d *driver) objects(ctx context.Context) (map[uint8]string, error) {
	u, ok := d.unit.(identifier)
	if !ok {
		return nil, errNoIdentity
	}
	list, err := u.Identify(ctx, codec.Basic, 0)
	if err != nil {
		return nil, err
	}
	objects := map[uint8]string{}
	for _, o := range list {
		objects[o.ID] = printable(o.Value)
	}
	return objects, nil
}

// printable makes any bytes fit for a line of text.
func printable(b []byte) string {
	s := strings.TrimSpace(strings.Trim(string(b), "\x00"))
	q := strconv.Quote(s)
	return q[1 : len(q)-1]
}

// Facts implements drivers.Informant: what the part says of itself. What it refuses is
// left out; the error is of a part that does not answer.
func (d *driver) Facts(ctx context.Context) ([]drivers.Fact, error) {
	var out []drivers.Fact
	if id := d.profile.Identify; id.sure() && id.asks() {
		objects, err := d.objects(ctx)
		if err != nil && !errors.Is(err, drivers.ErrException) {
			return nil, fmt.Errorf("%s: identification: %w", d.profile.ID, err)
		}
		for i, name := range []string{"vendor", "product", "version"} {
			if v := objects[uint8(i)]; v != "" {
				out = append(out, drivers.Fact{Name: name, Value: v})
			}
		}
	}
	for _, f := range d.profile.Facts {
		words, err := d.unit.ReadRegisters(ctx, f.Function, f.Address, uint16(f.words()))
		if errors.Is(err, drivers.ErrException) {
			continue
		}
		if err == nil && len(words) < f.words() {
			err = fmt.Errorf("%w: %d registers came", drivers.ErrProtocol, len(words))
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", d.profile.ID, f.Name, err)
		}
		out = append(out, drivers.Fact{Name: f.Name, Value: f.read(words)})
	}
	return out, nil
}

// read writes the fact that words hold as people read it.
func (f Fact) read(words []uint16) string {
	if f.Text > 0 {
		s, err := codec.Text(words[:f.Text], f.Order)
		if err != nil {
			return digits(words[:f.Text])
		}
		return s
	}
	n, err := f.Type.Decode(words, f.Order)
	switch {
	case err != nil:
		return fmt.Sprintf("0x%X", n.Raw)
	case n.Whole:
		return strconv.FormatInt(n.Int, 10)
	}
	return strconv.FormatFloat(n.Float, 'g', -1, 64)
}

// digits writes registers as they are: 5058 2D31.
func digits(words []uint16) string { return strings.Trim(fmt.Sprintf("%04X", words), "[]") }
