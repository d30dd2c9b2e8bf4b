// Package lifecycle is the life of a case: what may be done to it, by whom, when, and what
// follows. It is pure: no I/O, no clock, no chance. A [Case] is the fold of a journal of
// [Entry] values by [Apply]; [Decide] judges a [Command] and returns the entries that it
// adds; [Timers] lists what the case waits for; [Match] says to which case an alert
// belongs. Who calls it reads the case and what [World] asks for, decides, and stores the
// entries, in one transaction that fails if another was faster; that is all that several
// processes need to work on the same cases.
//
// Promised: what is not in the table of transitions is refused, with what is allowed
// instead, and Apply refuses a journal that leaves the table too. A journal gives the same
// case whenever it is replayed, whatever the policy has become: deadlines stand in the
// entries. Times of a journal never fall. Every closed case has a resolution and an
// answer. No person verifies, or rejects, what he had a hand in, in whatever task, round or
// role. A timer fires once. Whoever has no role in the case's area and no task in it is
// answered as if there were no such case.
//
// # The states
//
// Two machines are kept apart: the [Condition] follows the sensors, the [State] follows
// people. The table stands in docs/cases.md, printed from the one in this package. Some of
// it is worth its reason:
//
//   - A rule that calls a department does not stop the clock of the acknowledgement: that a
//     pump crew was called does not mean that anybody at the centre has seen a red case.
//   - A grave case (red, orange) is dismissed by a dispatcher after another person has
//     proposed the same; a name typed into a form would be no second person. What counts is
//     the highest severity that the case has had, or one person could lower it first.
//   - A case is handled when every task that stands has its answer. What was returned does
//     not stand; if nothing stands, the case is acknowledged and waits for another
//     dispatch. A return that nobody was given again makes a reason necessary to verify,
//     and stops the case from being verified of itself.
//   - A signature is a hand in the handling as soon as the task is answered: who took a crew
//     out does not verify its work.
//   - A severity that rises ends the shelf: whoever silenced the case did not know this.
//   - A symptom has no clocks but those of its tasks while its cause is open; detached, they
//     begin then. A cause is never itself a symptom.
//   - A condition that changes more than Restless times within Quiet is taken for active
//     until it has been quiet for so long; its changes are no entries meanwhile.
//   - Alerts that join a case are not entries of its journal, only what they change is: a
//     storm of 100 000 alerts is a short journal.
//   - What the system does of itself to a slight case, it does only if the case was never
//     grave: a severity that was lowered takes no person out of the matter.
//   - A case that nothing measures, such as a citizen's report, is never recovered, verified
//     or closed of itself.
//
// # Deadlines
//
// Each step has a limit by severity, and by category where that says otherwise, as the
// clock or as the working [Calendar] goes. Half of it reminds whoever is to act, all of it
// tells the case's area and the one above, twice of it also the one above that. Who is told
// changes, not who must act, until a dispatcher takes the case over. While it is suspended
// only the clock of the handling stands still. A new severity changes the limits and not
// the start.
package lifecycle
