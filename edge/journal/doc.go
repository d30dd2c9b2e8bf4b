// Package journal keeps byte records on a small disk that loses power: an
// append-only, checksummed log in segments, with group commit, epochs, keyed
// states and declared loss. It knows nothing of what the records mean.
//
// # Promises
//
//   - Append returns at once and never waits for the disk. A record is on disk
//     within Options.Commit (plus one sync), or when Sync returns nil. A power cut
//     costs what was younger than that; EpochInfo.LastCommit says from when on.
//   - What Read returns is what was appended, in order, each number at most once.
//     A number below EpochInfo.Last that Read does not return is in EpochInfo.Lost
//     or was given up by Trim or Drop; EpochInfo.Damaged says that damage took more
//     behind it. Nothing is lost silently.
//   - No epoch is used twice: each Open begins a new one, a counter and 48 random
//     bits. Numbers of uncommitted records may leave the house before their commit.
//   - A record and the state set with it (AppendState) survive together or not at
//     all. States outlive Trim, Drop and overflow.
//   - Open, Append, Read never fail because of damage or a disk that refuses to
//     write. Such a journal is degraded (Stats): it keeps what is appended in a
//     bounded buffer, tries again after 1 s, 2 s, … 60 s, and recovers by itself in
//     a new segment. What overflows the buffer, oldest first, is a Loss.
//   - Urgent records (Options.Urgent) give way last: plain ones are dropped from
//     memory before them, Trim appends them once more before it gives up the segment
//     they lie in, and on a full disk the last of Options.Reserve is theirs: SyncTo
//     of an urgent record then succeeds where plain records wait.
//   - What counts in a file is not changed after the file was left, until it is
//     given up, and nothing is wiped to repair it: a damaged segment is renamed to
//     *.broken and stays readable around the damage. Only the unused end behind the
//     newest segment may be cut off.
//
// Not promised: that records of unsynced commits survive a power cut in order (the
// disk may keep a later block and lose an earlier one; the hole is then a Loss),
// and detection of changes made on purpose (checksums are no signatures).
//
// Whoever opens a journal closes it. One goroutine writes; Close waits for it.
//
// # Format
//
// A directory holds segments called
//
//	0000000042-17-9f3ac2d1b07e.seg      segment number, epoch
//	0000000042-17-9f3ac2d1b07e.seg.broken
//
// and, named reserve-1.spare and so on, files that hold nothing. A segment belongs
// to one epoch. It is a header and a row of blocks, one block per 64 KB of entries
// or per commit. Behind them there may be zeros, because a segment is allocated
// whole, or what an older segment left, because files are used again. Integers are little-endian; uvarint and
// varint are as in encoding/binary; a string is its length as uvarint and its
// bytes; an epoch is uvarint N and 6 bytes of salt; a stamp is string boot, varint
// milliseconds since boot, varint Unix milliseconds. CRC is CRC-32C.
//
// Header:
//
//	 0   8  "LPSEG" 0 0 "2"; the last byte is the version
//	 8   4  CRC of everything from byte 12 to the end of the header
//	12   4  length n of the rest
//	16   n  uvarint segment number, epoch, uvarint number of the next record when the
//	        segment was begun, stamp of that moment,
//	        uvarint number of the segment before (0: none), and if there is one what
//	        became of it: byte flags (1 clean, 2 scan it, too many losses to list),
//	        epoch, uvarint bytes that count, uvarint first, uvarint last record,
//	        stamp of its beginning, stamp of its newest commit, uvarint count of
//	        losses, each: string why, uvarint first number, uvarint count-1, two stamps;
//	        byte 1 if the file held an older segment before, else 0,
//	        uvarint syncs and uvarint bytes, estimated, that reached the flash since the
//	        journal was made
//
// Version 1, which is still read, ends before that last byte.
//
// What a header says of the segment before it makes Open fast: only the newest
// segment is read whole. What lies behind the bytes that count is a torn tail or
// an abandoned write; it is left in the file and not read again.
//
// Block:
//
//	 0   4  magic 9e 4c 50 42
//	 4   4  CRC of everything from byte 8 to the end of the block, begun with the CRC of
//	        the segment number (8 bytes) and the epoch: blocks of another segment or
//	        another journal are not valid here
//	 8   4  length n of the rest
//	12   n  byte flags, uvarint number of the first record, uvarint count of records,
//	        uvarint length of the entries, varint milliseconds since boot, varint Unix
//	        milliseconds, with flag 64 string boot (else the header's; the blocks that carry
//	        all states and one every 16 KB have it, in case the header is damaged), entries
//
// Flags: 1 entries are one zstd frame; 2 the numbers missing before this block were
// dropped from memory; 4 there are states inside; 8 the block carries all states into a
// new segment, 16 it is the last of those; 32 clean end of the epoch. Others are
// not valid. The stamp says: everything appended before this moment is in
// this block or before it.
//
// Entries, at most 4.5 MB in a block:
//
//	00–ef  record of that kind: uvarint length, body
//	f0     state: string key, uvarint length, value
//	f1     state removed: string key
//	f2     uvarint: segments with a smaller number are given up
//
// # Reading after a crash
//
// A bad block is the torn end of a segment when no good block follows it, else
// damage: reading goes on at the next good block, found by its magic and checksum. In
// both cases the numbers tell what is missing. Segments below the floor were given
// up; whatever they hold is nobody's.
//
// What stands behind the last good block may be damage too, of unknown extent. A torn
// write leaves, in each sector, zeros, what the file held before, or what was to be
// written: so bytes there that are neither zeros nor begin like a header or a block are
// damage, and make the epoch Damaged. Two things cannot be told apart: a file that begins
// with a sector of zeros and holds no good block is taken to be one that was never synced, and in a recycled file with a good header
// what follows the last good block is taken to be an older segment's.
//
// The states are those of the newest
// segment whose beginning carries all of them, plus what follows it.
package journal
