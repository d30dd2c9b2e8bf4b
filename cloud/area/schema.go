package area

// Schema returns the steps of this package's tables, for the database.
func Schema() []string {
	return []string{`
create table area(
	code text not null primary key,
	parent text not null,         -- empty: none
	name_zh text not null,
	name_en text not null,
	since integer not null,       -- 0: not said
	edition text not null,
	shape text not null           -- JSON of Shape; empty: none
) strict, without rowid;

create table area_alias(          -- codes that were replaced
	old text not null primary key,
	new text not null,
	name_zh text not null,
	name_en text not null,
	used_from integer not null,   -- 0: not said
	used_to integer not null
) strict, without rowid;

create table area_version(        -- counts the changes, so that every aggregator sees them
	part text not null primary key,
	n integer not null
) strict, without rowid;
insert into area_version(part, n) values('tree', 1), ('rest', 1);

create table department(
	id text not null primary key,
	body text not null            -- JSON of view.Department
) strict, without rowid;

create table route(
	category text not null,
	area text not null,
	department text not null,
	primary key(category, area)
) strict, without rowid;

create table roster(
	id text not null primary key,
	body text not null            -- JSON of view.Roster
) strict, without rowid;

create table place(
	gateway text not null,
	device text not null,         -- empty: the gateway itself
	body text not null,           -- JSON of view.Place
	primary key(gateway, device)
) strict, without rowid;
`, `
create table map_layer(
	id text not null primary key,
	body text not null,           -- JSON of view.MapLayer
	features text not null        -- of GeoJSON, with commas between them
) strict, without rowid;
insert into area_version(part, n) values('map', 1);
`}
}
