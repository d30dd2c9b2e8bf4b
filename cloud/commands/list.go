package commands

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

const columns = `select gateway, body, state, sent, last_sent, answered, reply, why, records from command `

// List returns the newest commands of a gateway, the newest first, at most 1 000.
func (d *Desk) List(ctx context.Context, gateway string) ([]view.Command, error) {
	rows, err := d.o.DB.Read().QueryContext(ctx, columns+`where gateway = ? order by issued desc limit 1000`, gateway)
	if err != nil {
		return nil, fmt.Errorf("commands: %w", err)
	}
	defer rows.Close()
	out := []view.Command{}
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// Get returns one command. view.ErrUnknown: there is none.
func (d *Desk) Get(ctx context.Context, id string) (view.Command, error) {
	return scan(d.o.DB.Read().QueryRowContext(ctx, columns+`where id = ?`, id))
}

// Acknowledgement returns the newest command by which a gateway was told that somebody
// has seen an alert. view.ErrUnknown: it was not told.
func (d *Desk) Acknowledgement(ctx context.Context, alert string) (view.Command, error) {
	return scan(d.o.DB.Read().QueryRowContext(ctx, columns+`where subject = ? order by issued desc limit 1`, wire.KindAcknowledge+"/"+alert))
}

// scan reads a row of columns.
func scan(row interface{ Scan(...any) error }) (v view.Command, err error) {
	var body, reply []byte
	var gateway, state, why string
	var sent int
	var lastSent, answered int64
	var records uint64
	err = row.Scan(&gateway, &body, &state, &sent, &lastSent, &answered, &reply, &why, &records)
	if errors.Is(err, sql.ErrNoRows) {
		return v, view.ErrUnknown
	}
	if err != nil {
		return v, fmt.Errorf("commands: %w", err)
	}
	var c wire.Command
	if err := json.Unmarshal(body, &c); err != nil {
		return v, fmt.Errorf("commands: a command of %s: %w", gateway, err)
	}
	r := wire.Reply{Why: why, Records: records} // all that an older version kept
	if reply != nil {
		if err := json.Unmarshal(reply, &r); err != nil {
			return v, fmt.Errorf("commands: an answer of %s: %w", gateway, err)
		}
	}
	v = viewOf(gateway, &c)
	v.State, v.Sent, v.LastSent, v.Answered = state, sent, ifSet(lastSent), ifSet(answered)
	v.Why, v.Detail, v.Records, v.Image, v.Outputs = r.Why, r.Detail, r.Records, r.Image, r.Outputs
	return v, nil
}

// viewOf is what was asked.
func viewOf(gateway string, c *wire.Command) view.Command {
	v := view.Command{ID: c.ID, Gateway: gateway, Kind: c.Kind, By: c.By, Issued: c.Issued, Until: c.Until}
	switch {
	case c.Rewind != nil:
		v.Store, v.Since = c.Rewind.Store, c.Rewind.Since
	case c.Acknowledge != nil:
		v.Alert = c.Acknowledge.Alert
	case c.Read != nil:
		v.Device = c.Read.Device
	case c.Still != nil:
		v.Device = c.Still.Device
	case c.Actuate != nil:
		v.Output, v.On, v.ForMS = c.Actuate.Output, &c.Actuate.On, c.Actuate.ForMS
	}
	return v
}

// show gives a command that has changed to the live stream.
func (d *Desk) show(ctx context.Context, id string) {
	// A console that misses this event sees it at its next load.
	if v, err := d.Get(ctx, id); err == nil {
		d.o.Publish("command", v)
	}
}
