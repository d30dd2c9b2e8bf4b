package audit

// Schema returns the steps of this package's tables, for the database.
func Schema() []string {
	return []string{`
create table audit(
	n integer not null primary key,
	at integer not null,
	who text not null,
	role text not null,
	source text not null,         -- view.Audit.From
	what text not null,
	about text not null,
	was text not null,            -- view.Audit.Old
	becomes text not null,        -- view.Audit.New
	result text not null,
	hash text not null
) strict;
create index audit_at on audit(at);
create index audit_who on audit(who, n);
create index audit_about on audit(about, n);

create table audit_head(          -- one row: where the chain ends
	one integer not null primary key,
	chain text not null,          -- the chain's random name
	n integer not null,
	hash text not null
) strict;

create trigger audit_stays before update on audit
	begin select raise(abort, 'the audit log is never changed'); end;
create trigger audit_remains before delete on audit
	begin select raise(abort, 'the audit log is never deleted'); end;
`}
}
