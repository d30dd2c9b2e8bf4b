// Package e2e holds the end-to-end tests: the real programs, started as a user
// starts them, on simulated sensors that carry real bytes, with real Mosquitto
// and InfluxDB servers, judged against the simulator's log of what it put on the
// wires. The tests build the programs themselves. Those that mostly wait for real
// time to pass run beside one another; those that judge how punctual the gateway is
// run alone.
package e2e
