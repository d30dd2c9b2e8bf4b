package auth

// Schema returns the steps of this package's tables, for the database.
func Schema() []string {
	return []string{`
create table person(
	id text not null primary key,
	name text not null,
	active integer not null,       -- 0: switched off
	grants text not null,          -- JSON of []role.Grant
	password text not null,        -- Argon2id; empty: none, another provider knows this person
	must_change integer not null,  -- 1: the password was given by somebody else
	changed integer not null,      -- when the password was set
	made integer not null,
	last_login integer not null,   -- 0: never
	issuer text not null,          -- of the provider that knows this person; empty: none
	subject text not null,
	totp text not null,            -- the sealed secret of the one-time codes; empty: none
	pending text not null,         -- one that was not confirmed yet
	step integer not null          -- the last one-time code that was used
) strict;
create unique index person_subject on person(issuer, subject) where issuer != '';

create table person_recovery(
	person text not null,
	hash text not null,
	primary key(person, hash)
) strict;

create table person_address(       -- from where somebody logged in
	person text not null,
	address text not null,
	at integer not null,
	primary key(person, address)
) strict;

create table session(
	hash text not null primary key,
	id text not null,              -- its name in lists
	person text not null,
	made integer not null,
	used integer not null,
	address text not null,
	agent text not null
) strict;
create index session_person on session(person);

create table api_token(
	id text not null primary key,
	hash text not null,
	person text not null,          -- whose it is
	name text not null,
	grants text not null,          -- JSON of []role.Grant
	rate integer not null,         -- requests a minute
	made integer not null,
	ends integer not null,
	used integer not null,         -- 0: never
	revoked integer not null       -- 0: it was not
) strict;
create index api_token_person on api_token(person);
`, `
alter table api_token add column screen integer not null default 0; -- 1: it is a screen's, in a browser's cookie
`}
}
