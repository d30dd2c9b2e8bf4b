package notify

// Schema returns the steps of this package's tables, for the database. Times are Unix
// milliseconds, 0 where there is none.
func Schema() []string {
	return []string{`
create table notice_event(          -- what was to be told
	id text not null primary key,
	subject text not null,
	taken bigint not null,
	routes integer not null,        -- to how many channels and persons it went; 0: nobody is told
	why text not null,              -- why to nobody: symptom, no-rule; empty: it is told
	body text not null              -- JSON of Event
);
create index notice_event_taken on notice_event(taken);
create index notice_event_subject on notice_event(subject);

create table notice_item(           -- one event for one receiver
	channel text not null,
	person text not null,           -- empty: the channel's group
	n bigint not null,              -- rising within a channel, as the events came
	event text not null,
	subject text not null,
	grp text not null,              -- items of one group that wait become one message
	level text not null,
	told text not null,             -- JSON: ids of the persons to be called by name
	due bigint not null,            -- when the group is sent
	delivery text not null,         -- empty: it waits
	primary key(channel, person, event)
);
create index notice_item_subject on notice_item(delivery, channel, person, subject, due);
create index notice_item_group on notice_item(delivery, channel, person, grp, due);
create index notice_item_order on notice_item(channel, n);
create index notice_item_event on notice_item(event);

create table notice_delivery(       -- one message to one receiver
	id text not null primary key,
	channel text not null,
	seq bigint not null,            -- rising within a channel
	person text not null,
	kind text not null,             -- single, group, digest, test
	level text not null,
	subjects text not null,         -- JSON list; ["*"]: too many to list
	items integer not null,
	title text not null,
	state text not null,            -- queued, sending, sent, refused, given-up, dropped
	attempts integer not null,
	formed bigint not null,
	next bigint not null,           -- not tried before
	deadline bigint not null,
	owner text not null,            -- the process that sends it
	lease bigint not null,          -- until when the owner has it
	doubt integer not null,         -- 1: an attempt may have arrived though nobody knows
	finished bigint not null,
	error text not null,
	unique(channel, seq)
);
create index notice_delivery_open on notice_delivery(channel, state, seq);
create index notice_delivery_formed on notice_delivery(formed, id);

create table notice_attempt(
	delivery text not null,
	n integer not null,
	channel text not null,
	at bigint not null,
	ended bigint not null,          -- 0: not yet, or the process died
	outcome text not null,          -- empty, sent, later, mistaken, never
	error text not null,
	primary key(delivery, n)
);
create index notice_attempt_rate on notice_attempt(channel, at);

create table notice_channel(
	channel text not null primary key,
	paused bigint not null,         -- nothing is sent before
	down bigint not null,           -- since when nothing passes; 0: it works
	failures integer not null,      -- in a row
	told bigint not null,           -- when the operators were told; 0: they were not
	error text not null
);

create table notice_link(           -- tokens that are spent
	id text not null primary key,
	taken bigint not null,
	done bigint not null,           -- 0: somebody is at it, or the process died
	expires bigint not null
);

create table notice_key(
	id integer not null primary key,
	secret text not null            -- hex
);
`, `
alter table notice_item add column source text not null default '';      -- Event.Source
alter table notice_item add column cause text not null default '';       -- of a symptom that is only counted
alter table notice_delivery add column source text not null default '';  -- whose events it has; empty: of several
alter table notice_delivery add column urgent integer not null default 0; -- 1: something red waits behind it
create index notice_item_about on notice_item(channel, person, subject);
create index notice_delivery_past on notice_delivery(channel, person, formed);
`, `
alter table notice_item add column asks integer not null default 0;      -- 1: Event.Asks
create index notice_item_told on notice_item(subject, event);
`}
}
