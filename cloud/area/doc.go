// Package area knows the city's places: the tree of areas (province, city, district,
// street, community, grid cell), which departments there are, who of them is responsible
// for what and where, who is on duty, and where gateways and devices stand.
//
// A Tree is a value that never changes; an Atlas holds the present one, keeps everything
// in the database, and puts a new tree in the place of the old one at once, so that a
// reader sees one or the other. What is in an area, counted by RollUp, is counted anew of
// the present tree whenever it is asked for: there is no sum that a move could leave wrong.
//
// Codes are those of GB/T 2260 and GB/T 10114 (2+2+2+3+3 digits), kept as text without the
// zeros that pad lower levels; they have no check digit. A unit grid cell has 15 digits and
// capital letters. What lies in what, the tree says; the digits say it where the tree does
// not, and for codes that the tree does not know.
//
// Streets are merged and codes change every year. A code that is replaced stays as an alias
// with its name and the time in which it was used, and everything that still speaks of it,
// a gateway, a route, an old alert, is found where the area is now. Nothing that was
// recorded is rewritten.
//
// Positions are WGS 84 in degrees, which CGCS 2000 equals to within a metre. GCJ-02 is
// converted when an import says that its file is in it, and never guessed.
//
// Promised: Import is all or nothing, and importing the same file again changes nothing.
// What an Atlas's methods return nil for is on the disk. Two aggregators may share one
// database: each sees the other's changes within a few seconds, and neither writes over
// what it has not seen.
package area
