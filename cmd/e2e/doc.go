// Package e2e holds the end-to-end tests: the real programs, started as a user
// starts them, on simulated sensors that carry real bytes, with real Mosquitto
// and InfluxDB servers, judged against the simulator's log of what it put on the
// wires. The tests build the programs themselves.
package e2e
