package docket

// Schema returns the steps of this package's tables, for the database.
func Schema() []string {
	return []string{`
create table casefile(
	id text not null primary key,
	state text not null,
	severity text not null,
	area text not null,
	parent text not null,         -- the case that it is a symptom of; empty: none
	storm integer not null,       -- 1: it stands for a storm
	version integer not null,
	opened integer not null,
	touched integer not null,     -- its last entry
	heard integer not null,       -- when an alert of it was last heard of
	active integer not null,      -- alerts of it that are active
	changed integer not null,     -- when one of them last changed
	body blob not null            -- JSON of lifecycle.Case
) strict, without rowid;
create index casefile_state on casefile(state, opened);
create index casefile_parent on casefile(parent);

create table case_entry(
	id text not null,
	n integer not null,
	at integer not null,
	body blob not null,           -- JSON of lifecycle.Entry
	primary key(id, n)
) strict, without rowid;
create trigger case_entry_stays before update on case_entry
	begin select raise(abort, 'the journal of a case is never changed'); end;
create trigger case_entry_remains before delete on case_entry
	begin select raise(abort, 'the journal of a case is never deleted'); end;

create table case_timer(          -- what open cases wait for
	id text not null,
	name text not null,
	due integer not null,
	primary key(id, name)
) strict, without rowid;
create index case_timer_due on case_timer(due);

create table case_alert(          -- which case an alert joined last
	alert text not null primary key,
	id text not null,
	active integer not null
) strict, without rowid;
create index case_alert_id on case_alert(id);

create table case_key(            -- by which alerts find their case
	name text not null,
	id text not null,
	primary key(name, id)
) strict, without rowid;

create table case_request(        -- commands that were done, by the keys of their senders
	name text not null primary key,
	id text not null,
	digest text not null,
	at integer not null
) strict, without rowid;
create index case_request_at on case_request(at);
`, `
create table case_area(           -- those in which there are cases
	area text not null primary key
) strict, without rowid;
insert into case_area(area) select distinct area from casefile;
create index casefile_area on casefile(area, id);

create table case_party(          -- who may see a case without a role in its area, see parties
	party text not null,
	id text not null,
	primary key(party, id)
) strict, without rowid;
create index case_party_id on case_party(id);
`, `
alter table casefile add column due integer not null default 0; -- its next deadline; 0: none runs
create index casefile_due on casefile(due);
`, `
create index casefile_open on casefile(area, severity) where state <> 'closed'; -- what each area has
`, `
create index case_entry_at on case_entry(at); -- what was done in a shift
`, `
create table case_measure(        -- what counts of each case, see package performance
	id text not null primary key,
	area text not null,
	opened integer not null,
	until integer not null,       -- its last entry, if it is closed; else 1 << 62
	body blob not null            -- performance.Measure; empty: its journal cannot be read
) strict, without rowid;
`}
}
