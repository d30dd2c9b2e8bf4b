// Package rulepack reads rules that others have thought out, with names in place of a
// site's streams and figures:
//
//	rules:
//	  underpass-flood:
//	    about: {zh: 下穿道积水, en: water in an underpass}
//	    parameters:
//	      level: {is: stream, metric: level, about: {zh: 积水深度, en: depth of the water}}
//	      red:   {is: number, unit: m, default: 0.40, about: {zh: 封闭, en: closed to all}}
//	    levels:
//	      red: {when: "level >= red", clear: "level < red - 0.02"}
//
// A site names one and says what is its own, in the place of a condition:
//
//	rules:
//	  subway: {use: underpass-flood, with: {level: road.level, red: 0.35}}
//
// [Reader.Read] takes folders of packs, of which a later one replaces files of the same
// name of an earlier one. [Set.Use] puts a site's values in the places of the names and
// says of each thing that is wrong which value it is. The texts that come out are plain
// rules; whoever compiles them learns from [Used.Place] where a mistake in them comes
// from, in the site's values and in the pack's file.
//
// Nothing is compiled or evaluated here, and nothing is opened but the folders that are
// given. A [Set] never changes and may be used from several goroutines.
//
// # Parameters
//
//	stream    device.channel whose metric is the one that the pack names
//	number    in the unit that the pack names, which may be written behind: 0.35 or 0.35 m
//	duration  5m, 1h30m
//
// A parameter without a default must be given. One that is optional may be left out or,
// where it has a default, be set to off: levels that speak of it are then left out.
//
// # Problem ids
//
//	E3001  use names no rule of any pack
//	E3002  a parameter that does not exist, or one that must be given
//	E3003  a value that is no stream, number or duration as the pack needs it, or out of range
//	E3004  nothing is left of a rule: all that is optional was left out
//	E3005  a pack with a mistake
//	E3006  a rule's id twice
//	E3007  a pack's file that cannot be read
package rulepack
