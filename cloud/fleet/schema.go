package fleet

// Schema returns the steps of this package's tables, for the database.
func Schema() []string {
	return []string{`
create table gateway(
	id text not null primary key,
	first_seen integer not null,
	last_seen integer not null,
	online integer not null,
	conn integer not null,
	since integer not null,
	state blob not null          -- JSON of wire.State; empty: none came yet
) strict, without rowid;

create table last_value(          -- a snapshot for a warm start, not a record
	gateway text not null,
	device text not null,
	channel text not null,
	t integer not null,
	v real,                      -- null: there is no value
	qc integer not null,
	why text not null,
	unit text not null,
	primary key(gateway, device, channel)
) strict, without rowid;

create table event(
	gateway text not null,
	epoch text not null,
	seq integer not null,
	kind text not null,
	boot text not null,
	boot_ms integer not null,
	unix integer not null,       -- 0: not dated
	received integer not null,
	body blob not null,          -- JSON of wire.Event
	primary key(gateway, epoch, seq)
) strict, without rowid;
create index event_received on event(received);
create index event_anchor on event(gateway, boot, boot_ms) where kind = 'anchor';

create table gap(
	gateway text not null,
	epoch text not null,
	seq integer not null,
	from_unix integer not null,  -- 0: not dated yet
	from_boot text not null,
	from_ms integer not null,
	to_unix integer not null,
	to_boot text not null,
	to_ms integer not null,
	why text not null,
	detail text not null,
	primary key(gateway, epoch, seq)
) strict, without rowid;
create index gap_time on gap(gateway, from_unix);
create index gap_undated on gap(gateway) where from_unix = 0 or to_unix = 0;
`, `
create table missing_picture(     -- pictures that alerts name and that never come
	gateway text not null,
	image text not null,
	why text not null,
	received integer not null,
	primary key(image, gateway)
) strict, without rowid;
create index missing_received on missing_picture(received);
`, `
create table gateway_presence(    -- when gateways came and went
	gateway text not null,
	at integer not null,
	online integer not null,
	primary key(gateway, at)
) strict, without rowid;
create index presence_at on gateway_presence(at);
`, `
create table watch(               -- when an aggregator ran
	began integer not null primary key,
	seen integer not null        -- as far as is noted
) strict;
create index watch_seen on watch(seen);
`}
}
