// Package config reads the gateway's configuration: one strict YAML file of maps by
// id, in which every mistake is reported at once, each with its place, what would be
// valid and a stable id. [Load] touches no hardware and opens no file, so it can be
// called anywhere: by the running gateway before a reload, by a check on a laptop.
//
//	gateway: {id: hz-gongshu-bridge-07, name: "…", area: "330105003012", position: {lat: 30.319, lon: 120.142}, language: zh, time_zone: "+08:00"}
//	clock:   {trust: [kernel, uplink]}
//	uplink:
//	  broker: "mqtts://hub.example.org:8883"   # or brokers: […], the preferred one first
//	  prefix: lamppost/v1
//	  username: …
//	  password_file: …                         # of the broker
//	  stores: [id…]
//	  tls: {ca_file: …, cert_file: …, key_file: …, server_name: …}
//	  proxy: "http://user@proxy:3128"          # or socks5://; proxy_password_file: … beside it
//	  backfill: {order: oldest, rate: 20000}   # or newest; readings per second at most
//	  budget: {per_day: 50MB}                  # of a metered link
//	  compress: auto                           # auto, on, off
//	  linger: 500ms                            # how long a live reading may wait for company
//	  commands:                                # who may ask for what from afar; nobody without it
//	    center: {key: "…", may: [rewind, acknowledge, read, still]}   # Ed25519 public key
//	    duty:   {key: "…", may: [actuate], outputs: [lamp]}
//	# Every path that is not whole begins at the folder of this file, wherever the gateway is
//	# started. A program (command, program, dir) is named by its whole path or by its bare name.
//	journal: {dir: /var/lib/lamppost, size: 512MB, age: 30d, reserve: 16MB, commit: 10s, endurance: 20TB, stills: {size: 64MB, age: 30d}}
//	status:  {listen: "127.0.0.1:8090", insecure: false}
//	profiles: profiles                         # a folder beside this file, see [ProfilesFolder]
//	packs: packs                               # likewise, see [PacksFolder]
//	buses:
//	  rs485-1: {serial: /dev/serial/by-id/…, baud: 9600, parity: none, stop: 1, turnaround: 20ms, rs485: auto, echo: auto}
//	  plant:   {tcp: "192.168.1.20:502"}
//	  soil:    {sdi12: /dev/serial/by-id/…}
//	  i2c-1:   {i2c: /dev/i2c-1}
//	  w1:      {w1: /sys/bus/w1/devices}
//	  gpio:    {gpio: /dev/gpiochip0}          # or the chip's name or label; i2c and gpio that end in .sock are simulated
//	devices:
//	  river: {profile: keller-36xw, bus: rs485-1, address: 3, every: 5s, timeout: 1s, name: {zh: 河道, en: river}, offsets: {level: 1.20}}
//	  air:   {driver: pms5003, port: /dev/ttyAMA1, baud: 9600, every: 10s, checks: {pm2_5: {flat: {suspect: 30m}}}}
//	  gauge: {driver: camera, url: "http://192.168.1.21/still.jpg", every: 30s, upload: {every: 20s}}
//	  box:   {driver: bme280, bus: i2c-1, address: 0x76}
//	  pipe:  {driver: ds18b20, bus: w1, id: 28-0316a2794eff}
//	  rain:  {driver: rain-gauge, bus: gpio, line: GPIO17, per_pulse: 0.2, active: low, pull: up, debounce: 10ms, spacing: 150ms}
//	  door:  {driver: digital, bus: gpio, line: GPIO22, channel: open, active: high}
//	outputs:
//	  siren: {bus: gpio, line: GPIO27, active: high, max_on: 2m, audible: true, name: {zh: 警笛, en: siren}}
//	  pump:  {bus: rs485-1, address: 9, coil: 3, max_on: 30m, min_off: 60s, per_hour: 6, interlock: "sump.level > 0.3",
//	    feedback: "pumpbox.contact == 1", feedback_within: 30s, read_back: false, resume: false}
//	  valve: {bus: plant, address: 1, register: 100, on: 255, off: 0}
//	  lamp:  {command: ["/etc/lamppost/lamp.sh"], timeout: 5s}
//	notify:
//	  panel: {webhook: "http://192.168.1.40/alarm", secret_file: /etc/lamppost/panel.secret, timeout: 5s}
//	  plc:   {mqtt: "mqtt://192.168.1.50:1883", topic: site/alerts, username: …, password_file: …, ca_file: …}
//	derived:
//	  rain-1h: {is: sum, of: rain.rain, over: 1h}
//	  stage:   {is: "datum - x", of: radar.distance, metric: level, constants: {datum: [{from: 2026-03-01, is: 12.40}]}}
//	  aqi:     {is: aqi, edition: hj633-2026, of: {pm2_5: air.pm2_5, pm10: air.pm10}}
//	rules:
//	  river-high: {when: "river.level > 3.00", for: 2m, clear: "river.level < 2.90", clear_for: 1m, severity: orange,
//	    hold: 10m, flapping: 20m, schedule: {days: [mon-fri], from: 22:00, to: 06:00, then: keep}, depends: [river-silent],
//	    category: …, still: gauge, message: {zh: "河道水位 {value} 米", en: "river level {value} m"}, actions: [siren, {output: lamp, for: 30s}],
//	    notify: [panel, plc], look_closer: {every: 1s}}
//	  subway: {use: underpass-flood, with: {level: road.level, red: 0.35}, actions: [siren]}   # a rule of a pack
//
// Without journal.commit the disk decides that holds journal.dir, see [Env]: 10s on
// SD cards and eMMC, 1s elsewhere. checks says by channel how values are tested, see [obs.Checks]: over what the part's
// profile says, over what the metric says, key by key; off: true in a test switches off what those ask for. Only gateway.id is required. A file without uplink runs on its own. The keys of a
// device that are not listed here belong to its driver; profile: X alone means
// driver: modbus with that profile.
//
// rs485 says who switches the transceiver of a line: auto (the kernel if the port's
// driver can, else the adapter is taken to do it), kernel, rts, rts-low, off. A line's
// echo is found by itself; echo: on takes it out from the first request on. Both also
// fit a device with a port of its own, where rs485 has no default.
//
// # Problem ids
//
// Ids that begin with E1 are yamldoc's (the file itself, keys, types, durations, sizes),
// those of rule texts (E31xx) the rule compiler's, those of rules that a pack gives
// (E30xx) package rulepack's. Warnings do not stop anything.
//
//	E2001  not an id ([a-z0-9][a-z0-9-]{0,47})
//	E2002  an id that the gateway uses itself
//	E2003  too many of something, or a text that is too long
//	E2004  a folder of device profiles that cannot be read
//	E2101  no place on earth
//	E2102  a language that is not spoken here
//	E2103  a clock source that does not exist
//	E2104  not a time zone
//	E2201  not a broker address
//	E2202  a password in the file
//	E2203  username and password_file do not go together
//	E2204  not a topic prefix
//	E2205  not a store's id
//	E2206  not exactly one of broker and brokers, or one broker twice
//	E2207  a certificate without its key, or the other way round
//	E2208  not a proxy's address
//	E2209  a word that is not one of those possible
//	E2210  a rate, budget or waiting time that is out of range
//	E2211  not a public key
//	E2212  a key that may ask for nothing, for what there is not, or twice
//	E2301  a figure of the journal is out of range
//	E2401  not an address to listen on
//	E2402  an address that others can reach, and insecure is not set
//	E2501  a bus needs exactly one of serial and tcp
//	E2502  a setting that a serial line cannot have
//	E2503  not the address of a Modbus TCP host
//	E2504  one serial port used twice
//	E2505  not the node, chip or folder of a bus
//	E2601  a device needs exactly one of driver and profile
//	E2602  no such driver or bus
//	E2603  a key is missing that the driver's wire needs
//	E2604  a key that does not fit the driver's wire
//	E2605  an address, line or id that cannot be, or is taken
//	E2606  an interval or timeout that the part does not allow
//	E2607  pictures from something that is no camera
//	E2608  an option that the driver refuses
//	E2609  checks of no channel
//	E2610  a setting that a GPIO line cannot have
//	E2611  thresholds of a check that contradict each other, the interval or the site
//	E2612  a number that puts a channel where its metric cannot be
//	E2701  not a severity
//	E2702  still names no camera
//	E2703  a field in a message that does not exist
//	E2704  levels and the keys of a rule without them, or no level at all
//	E2705  not a method of forecasting
//	E2706  a pre-alert more severe than what it expects
//	E2707  a key that a rule of a pack says itself, or with without use
//	E2708  a text for people that is empty
//	E2711  a rule that depends on none that there is, on itself, or in a circle
//	E2712  not a day, not a time of day, or a time that is out of range
//	E2801  an output needs exactly one of line, coil, register and command, and its place
//	E2802  a key that does not fit the output
//	E2803  an address, coil, register or level that does not exist, or is taken
//	E2804  a limit of an output is out of range
//	E2805  an action that names no output, or one twice, or for too long
//	E2806  a command without a program's full path
//	E3301  a target needs exactly one of webhook and mqtt
//	E3302  not an address, topic or file of a target
//	E3303  the time for one attempt is out of range
//	E3304  a key that does not fit the target
//	E3305  a rule tells nobody that there is, or somebody twice
//	E3306  nothing is read so often
//	E2901  no way to derive of this name
//	E2902  not a stream, or none that there is
//	E2903  a key that does not fit what is derived
//	E2904  a window, step, figure or time zone that cannot be
//	E2905  something is made of itself
//	E2906  no such metric, or another unit
//	E2907  no such edition, report, body, pollutant or indicator
//	E2908  a constant whose history cannot be
//	E2909  a formula that cannot be read
//	W2101  a position, area or clock that is probably not meant so
//	W2201  readings and password travel unencrypted
//	W2202  settings of TLS, and no broker that speaks it
//	W2501  a port name that changes when adapters are plugged in anew
//	W2502  a bus that no device uses, or a host that two buses use
//	W2503  a speed that is unusual
//	W2504  a part on a line that runs otherwise than the part is delivered
//	W2505  a simulated bus: what is read there is made up
//	W2506  a line that is asked for more than its speed allows
//	W2601  an address that any part may answer to, on a line with others
//	W2602  an interval shorter than the exchange takes on its line
//	W2603  a threshold that no value of the part can reach
//	W2701  the time for is not longer than the interval: one reading raises
//	W2702  words that are reserved for official warnings
//	W2703  a category whose digits are no code of the standards
//	W3301  looking closer changes nothing
//	W2901  an air quality index that lacks pollutants
package config
