package handover

// Schema returns the steps of this package's tables, for the database.
func Schema() []string {
	return []string{`
create table handover(
	id integer primary key,
	area text not null,           -- a code, or * for everywhere
	written integer not null,
	by text not null,
	request text not null,        -- the sender's own name for it; empty: none
	open_then integer not null,   -- cases that were open
	body blob not null,           -- JSON of view.Handover without its report
	report blob not null          -- JSON of view.ShiftReport
) strict;
create index handover_area on handover(area, id);
create unique index handover_request on handover(request) where request <> '';
create trigger handover_stays before update on handover
	begin select raise(abort, 'a handover is never changed'); end;
create trigger handover_remains before delete on handover
	begin select raise(abort, 'a handover is never deleted'); end;

create table handover_taken(
	handover integer not null primary key,
	at integer not null,
	by text not null,
	name text not null,
	note text not null
) strict, without rowid;
create trigger handover_taken_stays before update on handover_taken
	begin select raise(abort, 'that a handover was taken over is never changed'); end;
create trigger handover_taken_remains before delete on handover_taken
	begin select raise(abort, 'that a handover was taken over is never deleted'); end;
`}
}
