package commands

// Schema returns the steps of this package's tables, for the database.
func Schema() []string {
	return []string{`
create table command(
	id text not null primary key,
	gateway text not null,
	issued integer not null,     -- rises for each gateway: also the order of commands
	until integer not null,      -- not to be carried out after that
	by text not null,            -- who asked
	body blob not null,          -- JSON of wire.Command, signed
	state text not null,         -- waiting, done, refused, expired
	sent integer not null,       -- how often it was published
	last_sent integer not null,  -- 0: never
	answered integer not null,   -- 0: not yet
	why text not null,           -- the gateway's word if it refused
	records integer not null     -- how many it will send again
) strict, without rowid;
create unique index command_order on command(gateway, issued);
create index command_waiting on command(gateway, issued) where state = 'waiting';
`, `
alter table command add column subject text not null default ''; -- wire.Command.Subject
alter table command add column reply blob;                       -- JSON of wire.Reply; null: not yet
create index command_subject on command(subject, issued);
`}
}
