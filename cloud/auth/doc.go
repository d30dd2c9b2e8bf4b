// Package auth keeps the accounts of an operations center: who there is, how they prove
// it, what they may do where, their sessions, and the tokens of programs.
//
// Promised:
//
//   - A password is kept as an Argon2id hash (package password), a session or a token as
//     a SHA-256 of 256 random bits, a recovery code likewise, the secret of the one-time
//     codes sealed with a key that lies beside the database, not in it. Who reads the
//     database alone can log in as nobody.
//   - A login that fails takes as long and says the same whether the account exists, is
//     switched off, has no password or has another one.
//   - Attempts are slowed down, not locked out: by account and address together, by
//     address, and by account for addresses from which it never logged in. A stranger
//     can make an account slow for strangers, not for its owner at the usual place. The
//     counts are in memory, of each aggregator for itself.
//   - A session gets a new random value at each login and when its owner changes the
//     password or the second factor; all others of that person end then. When somebody
//     changes a person's rights, all of that person's sessions end. A session ends after a
//     time without a request, and after a time in any case.
//   - That a session or a token is used is written down later, at most once a minute: a
//     database that is full or locked fails no request by it.
//   - A reset of an account's password ends its sessions and revokes its tokens. Who changes
//     their own password keeps their tokens: programs go on.
//   - Rights are read at every request: what is taken away is gone at once. A token never
//     gives more than its owner has at that moment, and never the role admin.
//   - A one-time code and a recovery code work once, also with several aggregators.
//   - Whatever changes something is written into the audit log in the same transaction,
//     without secrets.
//   - Nobody changes their own rights; an admin of an area gives none beyond it; the last
//     admin for everywhere cannot be taken away.
//
// Of GB/T 22239-2019 (等保 2.0), level 3, section 8.1.4, these are met by the program:
// 8.1.4.1 a (one identity each, password rules; renewal only if MaxAge is set, 90 days
// being usual), b (slow-down, end of idle sessions), d (password and one-time code, if
// SecondFactor is set; whether HMAC-SHA-1 codes count as the cryptographic one is the
// assessor's to say); 8.1.4.2 a, d, e, f (rights by role and area, separated; b as far as
// the first password is random and must be changed); 8.1.4.3 a, b, c (the audit log; the
// backup is the operator's). 8.1.4.1 c asks for TLS, which the listener must have. An
// assessor may ask for classes of characters in passwords: this package asks for length
// and refuses what is guessed first instead.
package auth
