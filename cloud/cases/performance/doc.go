// Package performance says how well a city follows its cases, and how many alerts its
// people have to bear: what an operations center is judged by.
//
// A Measure is what counts of one case: the steps that its clocks were wound for, when each
// began, was due and was done, and how the case ended. It is a fold of the case's journal,
// kept beside the case, so that figures of a year need no journal to be read. A Count adds up
// measures for a span of time; all figures are worked out here, from whole milliseconds, and so
// are the same whichever database the measures came from. A Load does the same for alerts, with
// the measures of ISA-18.2 and EEMUA 191.
//
// Nothing here reads a clock or does any I/O. docs/performance.md says what each figure means.
package performance
