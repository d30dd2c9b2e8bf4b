// Package record is what the gateway writes into its journal: samples, events,
// alerts and pictures, each as one record that stands for itself. What it
// promises: a value comes back as exactly the number the driver gave, in as few
// bytes as its digits need; what a decoder takes, encoding gives again byte for
// byte (samples) or means the same (the JSON of events and alerts); decoders take
// hostile bytes and are bounded by the length of their input.
//
// Which boot a record belongs to is not written in it: its journal epoch tells,
// since an epoch never spans two boots.
//
// # Format
//
// A record begins with a version byte, now 1. Integers are unsigned varints
// unless said otherwise, a string is its length and its bytes.
//
// A sample, in columns, so that what repeats from sample to sample stands together
// and compresses away:
//
//	string device
//	byte   1: fault follows, 2: late verdicts follow, 4: with their reasons
//	       count of channels, then that many strings
//	       milliseconds since boot
//	string fault, if there is one
//	byte   for each reading: bits 0–2 flag (obs.Flag), 3 a reason follows,
//	       4–5 value: 0 none, 1 decimal, 2 raw
//	byte   for each decimal: digits after the point, 0–12
//	string for each reason
//	byte   for each reading, if these are late verdicts on an earlier sample: obs.Flag
//	string for each reading, if the reasons of late verdicts follow: the reason, or empty
//	       for each value in order: decimal, a signed varint below 10^15, or raw, the
//	       8 bytes of the float64, little-endian
//
// 2.71 is 271 with two digits. A number is written as a decimal whenever that
// reads back as the same float64, with the fewest digits after the point.
//
// An event and an alert are the version byte and the JSON of package wire, with
// an empty epoch and sequence number 0: the journal knows both. A picture is the
// version byte, the length of the JSON of its wire.ImageMeta, that JSON, and the JPEG.
package record
