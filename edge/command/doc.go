// Package command carries out what a gateway is asked to do from afar: it says who
// may ask for what, sees to it that nothing is done twice or too late, and that each
// command has its answer. What a command does to the gateway is for the functions in
// [Options.Do]; how it comes and the answer leaves, for the uplink.
//
// What holds:
//
//   - Only what one of the configured keys signed for this gateway is looked at, and of
//     that only the kinds, and of an actuation the outputs, that the key is granted.
//   - The id is in the journal before anything is done, and the answer before it is
//     given. A command that was carried out gets the same answer whenever it comes again,
//     also after a restart; while it is carried out it gets none: the first one does.
//   - Of two commands of one key about one subject, the older one is refused if it comes
//     second. Of each key the last 64 commands are remembered; one that is older than
//     all of these is refused, whatever it is about.
//   - The deadline is turned into boot time when the command arrives, and looked at again
//     right before the deed and while it lasts. No step of the wall clock moves it.
//   - If the power fails between the journal and the deed, or between the deed and its
//     answer: what Do.Again allows is done when the command comes again; of anything else
//     the answer is interrupted.
//   - A journal that cannot be written holds up nothing that Do.Again allows for longer
//     than a second, and everything else for good: what cannot be written down could be
//     done twice.
//
// Not promised: protection from a copy of an old command on a gateway whose journal was
// lost, within that command's deadline; order between commands of different keys.
package command
