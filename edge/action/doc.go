// Package action switches outputs: relays, coils, registers and programs. A machine
// per output decides, purely: time, wishes, conditions and what the hardware said
// come in, calls and events go out, and its state is plain data. A [Board] runs the
// machines, each with a goroutine of its own, and carries their calls out.
//
// # What holds, whatever happens
//
//   - Off comes first. It is decided at once, cuts a call short that switches on, waits
//     for no pause and no limit, and is repeated until the hardware has taken it and
//     the feedback, if there is one, agrees.
//   - Nothing is on for longer than Spec.MaxOn, counted from the decision until off is
//     decided. Who asked until then must ask anew.
//   - Nothing is switched on while its interlock is not known to be true, within
//     Spec.MinOff after it went off, or more than Spec.PerHour times in an hour. An
//     interlock that is not true any more switches off.
//   - Off is the safe state. It is set at the start, at the stop, when an output leaves
//     the configuration or is wired or conditioned otherwise in it, and when the hardware
//     fails. Limits that change do not switch it: it is judged by the new ones. Where rest
//     has to be the energized state, the configuration turns active round.
//   - An output that hangs holds up nobody: not the caller, not another output. Its
//     call ends with its time; if it does not heed that, nothing more can be done from
//     here, and the output says so.
//
// Not promised: that something is off when this program is dead. A killed gateway
// leaves an output as it is until it starts again and sets it off. Where that matters
// the relay needs a timer of its own. A feedback is believed; one that lies at both
// ends of a switching cannot be told from one that is right.
//
// # Who is asked
//
// Anybody may ask: rules, from the raise of an alert to its end or for a time, and
// people. The output is on while anybody asks. When a person says off, what is asked
// then counts no more: an alert that stays active does not switch it on again, a new
// one does. Off for a time keeps it off for so long, whoever asks, until the time is
// over or a person says on. A person's on is carried out now or refused: it never
// waits, and an interlock, a limit or a fault ends it for good, while a rule's wish
// lives on through interlock and fault until the rule's alert ends. Who acknowledges an
// alert silences what its rule asked for, and nothing that anybody else did.
//
// # After a restart
//
// Whatever was on is off, and an event says so. What rules had asked for counts no
// more, as machine safety demands (IEC 60204-1, 7.5: no unexpected start when power
// comes back), unless Spec.Resume says otherwise: then it goes on, within what is left
// of MaxOn. Holds and the count of switchings survive.
//
// # When the hardware fails
//
// A failed call is told once and tried again after 1 s, 2 s, 4 s, at most 30 s. After
// three failures to switch on the output goes to off, and rests for 10 s, 20 s, at most
// 5 min before a rule's wish is tried anew. If the feedback does not agree within
// Spec.Within, or is not known, that is told; on is set again three times and then
// left, off is set again for as long as it takes. Hardware that can be set and, three
// times in a row, not be asked for its state is not asked any more.
package action
