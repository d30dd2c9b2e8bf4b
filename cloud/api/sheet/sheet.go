// Package sheet writes readings and the gaps between them as tables for other programs: CSV
// and Parquet. One line is one reading or one gap; lines come in the order in which they are
// given. It keeps at most a few thousand lines in memory, however many there are.
//
// Columns of a CSV, each line ended by CR LF (RFC 4180), in UTF-8:
//
//	row       reading or gap
//	time      when it was measured, or when the gap began: RFC 3339 by the place's clocks
//	time_utc  the same moment in UTC
//	until     of a gap: when it ended, by the place's clocks
//	gateway, device, channel
//	quantity  what is measured, in words
//	value     empty: there is none
//	unit      for people: µg/m³
//	quality   1 pass, 2 not evaluated, 3 suspect, 4 fail, 9 missing
//	reason    of the quality or of the gap: a word of the protocol
//	detail    of a gap: a sentence, where one came with it
//
// What came from outside and would be taken for a formula by a spreadsheet begins with an
// apostrophe. A Parquet file has the same columns with types of their own, except that there
// are no local times: time and until are moments (milliseconds, UTC), and zone says how the
// place's clocks stood then, like +08:00.
package sheet

import "time"

// Row is one reading or one gap.
type Row struct {
	Gap                      bool
	Time                     int64 // Unix milliseconds
	Until                    int64 // of a gap: its end, Unix milliseconds
	Gateway, Device, Channel string
	Quantity, Unit           string
	Value                    float64 // NaN: none
	Quality                  int     // QARTOD; of a gap 9
	Reason, Detail           string
}

// Writer writes rows; Close ends the table and leaves what is below it open. After an error
// of either nothing more can be written, and the table is worth nothing.
type Writer interface {
	Write(r *Row) error
	Close() error
}

// zone is how the place's clocks stand at t, in minutes ahead of UTC.
func zone(t int64, place *time.Location) int {
	_, offset := time.UnixMilli(t).In(place).Zone()
	return offset / 60
}
