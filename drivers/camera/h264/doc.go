// Package h264 takes whole key pictures out of an H.264 stream, for a decoder that is not
// made in Go: it puts units together from RTP payloads, picks the slices of one IDR picture
// and the parameter sets that they need, and writes them as a byte stream (ITU-T H.264,
// annex B). Nothing is decoded but what says how large the picture is.
//
// Sources: RFC 6184 (payload format; 5.6 single unit, 5.7.1 STAP-A, 5.8 FU-A; 8.1
// sprop-parameter-sets), ITU-T H.264 (7.3.1 units, 7.3.2.1 and 7.3.2.2 parameter sets,
// 7.3.3 slice header, 7.4.1.2.4 first unit of a picture).
//
// What is promised: a picture whose parameter set claims a size that the caller does not
// take is refused before a byte of it reaches a decoder; what is given out holds one
// sequence parameter set, its picture parameter sets and IDR slices, and no other unit, also
// where a unit tries to smuggle a start code; it is at most as long as the caller says, and
// so is everything that is held. What is not: interleaved packets (mode 2), pictures that are
// not IDR (a stream that refreshes bit by bit has none), and that the slices decode.
package h264
