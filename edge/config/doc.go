// Package config reads the gateway's configuration: one strict YAML file of maps by
// id, in which every mistake is reported at once, each with its place, what would be
// valid and a stable id. [Load] touches no hardware and opens no file, so it can be
// called anywhere: by the running gateway before a reload, by a check on a laptop.
//
//	gateway: {id: hz-gongshu-bridge-07, name: "…", area: "330105003012", position: {lat: 30.319, lon: 120.142}, language: zh}
//	clock:   {trust: [kernel, uplink]}
//	uplink:  {broker: "mqtts://hub.example.org:8883", prefix: lamppost/v1, username: …, password_file: …, stores: [id…]}
//	journal: {dir: /var/lib/lamppost, size: 512MB, commit: 10s}
//	status:  {listen: "127.0.0.1:8090", insecure: false}
//	buses:
//	  rs485-1: {serial: /dev/serial/by-id/…, baud: 9600, parity: none, stop: 1, turnaround: 20ms}
//	  plant:   {tcp: "192.168.1.20:502"}
//	devices:
//	  river: {profile: keller-36xw, bus: rs485-1, address: 3, every: 5s, timeout: 1s, name: {zh: 河道, en: river}, offsets: {level: 1.20}}
//	  air:   {driver: pms5003, port: /dev/ttyAMA1, baud: 9600, every: 10s, flat: {pm2_5: 30m}}
//	  gauge: {driver: camera, url: "http://192.168.1.21/still.jpg", every: 30s, upload: {every: 20s}}
//	rules:
//	  river-high: {when: "river.level > 3.00", for: 2m, clear: "river.level < 2.90", clear_for: 1m, severity: orange,
//	    category: …, still: gauge, message: {zh: "河道水位 {value} 米", en: "river level {value} m"}}
//
// flat marks a value suspect that has not moved for so long; without it a value may
// stand for ever. Only gateway.id is required. A file without uplink runs on its own. The keys of a
// device that are not listed here belong to its driver; profile: X alone means
// driver: modbus with that profile.
//
// # Problem ids
//
// Ids that begin with E1 are yamldoc's (the file itself, keys, types, durations, sizes),
// those of rule texts (E31xx) the rule compiler's. Warnings do not stop anything.
//
//	E2001  not an id ([a-z0-9][a-z0-9-]{0,47})
//	E2002  an id that the gateway uses itself
//	E2003  too many of something, or a text that is too long
//	E2101  no place on earth
//	E2102  a language that is not spoken here
//	E2103  a clock source that does not exist
//	E2201  not a broker address
//	E2202  a password in the file
//	E2203  username and password_file do not go together
//	E2204  not a topic prefix
//	E2205  not a store's id
//	E2301  the journal's size or commit interval is out of range
//	E2401  not an address to listen on
//	E2402  an address that others can reach, and insecure is not set
//	E2501  a bus needs exactly one of serial and tcp
//	E2502  a setting that a serial line cannot have
//	E2503  not the address of a Modbus TCP host
//	E2504  one serial port used twice
//	E2601  a device needs exactly one of driver and profile
//	E2602  no such driver or bus
//	E2603  a key is missing that the driver's wire needs
//	E2604  a key that does not fit the driver's wire
//	E2605  a unit address that is out of range, or taken
//	E2606  an interval or timeout that the part does not allow
//	E2607  pictures from something that is no camera
//	E2608  an option that the driver refuses
//	E2609  a flat line test of no channel, or after too short or too long a time
//	E2701  not a severity
//	E2702  still names no camera
//	E2703  a field in a message that does not exist
//	W2101  a position, area or clock that is probably not meant so
//	W2201  readings and password travel unencrypted
//	W2501  a port name that changes when adapters are plugged in anew
//	W2502  a bus that no device uses, or a host that two buses use
//	W2701  the time for is not longer than the interval: one reading raises
//	W2702  words that are reserved for official warnings
package config
