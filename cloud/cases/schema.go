package cases

// Schema returns the steps of this package's tables, for the database.
func Schema() []string {
	return []string{`
create table alert(               -- the newest revision of each
	id text not null primary key,
	gateway text not null,
	rev integer not null,
	condition text not null,
	received integer not null,    -- when its first revision came
	updated integer not null,     -- when its newest revision came
	vanished integer not null,    -- 0: it has not
	acked_by text not null,       -- empty: nobody has
	acked_at integer not null,
	acked_note text not null,
	body blob not null            -- JSON of wire.Alert
) strict, without rowid;
create index alert_condition on alert(condition, received);
create index alert_received on alert(received);

create table alert_revision(
	alert text not null,
	rev integer not null,
	received integer not null,
	body blob not null,
	primary key(alert, rev)
) strict, without rowid;

create table alert_change(
	alert text not null,
	n integer not null,
	at integer not null,
	what text not null,
	by text not null,
	note text not null,
	primary key(alert, n)
) strict, without rowid;
create trigger alert_change_stays before update on alert_change
	begin select raise(abort, 'the history of an alert is never changed'); end;
create trigger alert_change_remains before delete on alert_change
	begin select raise(abort, 'the history of an alert is never deleted'); end;
`, `
create table alert_site(          -- where alerts come from, see site
	id integer primary key,
	gateway text not null,
	device text not null,
	area text not null,           -- as the alert has it
	unique(gateway, device, area)
) strict;
alter table alert add column site integer not null default 0; -- 0: not settled yet
create index alert_of_site on alert(site, received);
`, `
create index alert_span on alert(updated, received); -- those of a past time
`, `
alter table alert add column rule text not null default '';
alter table alert add column worst text not null default ''; -- the severity that it was at worst
update alert set site = 0;        -- so that they are settled
create index alert_load on alert(received, site, worst, rule); -- what Load reads
`, `
alter table alert add column severity text not null default '';
update alert set site = 0;        -- so that they are settled
create index alert_severity on alert(severity, condition, received);
`}
}
