// Package pin keeps the number that opens the gateway's own page for changes, and lets
// in who knows it.
//
// The number has [Digits] digits from the system's random source. It is told once, by
// whoever calls [Make], and afterwards exists only as a hash with a salt (PBKDF2 with
// SHA-256) in a file of mode 0600 beside the journal. Eight digits can be tried through by
// whoever has that file, hash or not: it is the file's mode that keeps them out; the hash
// keeps the number from being read over a shoulder or out of a copied log.
//
// A [Door] answers guesses. Five wrong ones close it for a minute, each further one for
// twice as long, up to an hour, whoever makes them: thirty guesses a day, against one
// hundred million numbers. A new number, made by lamppost pin
// --new, opens it at once and ends every session. Who gave the right one is inside for
// half an hour, and for half an hour more with each change.
//
// Not promised: secrecy on the way. The page speaks plain HTTP; who listens in the
// network between hears the number.
package pin
