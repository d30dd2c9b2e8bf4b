//go:build linux

package main

import (
	"fmt"
	"net/http"
	"net/http/pprof"
	"os"
	"runtime"
	"testing/fstest"

	"github.com/lamppost-city/lamppost/cmd/lamppost/command"
	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/modbus"
)

// own is the gateway's program, built as an integrator builds one of their own, with
// the profile as a driver and with a door to look inside: TCPBENCH_PPROF names the
// address.
func own(args []string) error {
	text, err := profile()
	if err != nil {
		return err
	}
	profiles, err := modbus.ParseProfiles(fstest.MapFS{profileID + ".yaml": {Data: text}})
	if err != nil {
		return err
	}
	kind := modbus.Kind(profiles)
	plan := kind.Plan
	kind.Name, kind.Profiles = profileID, nil
	kind.Plan = func(func(any) error) (*drivers.Plan, error) {
		return plan(func(options any) error {
			doc, err := yamldoc.Parse("bench", []byte("profile: "+profileID))
			if err != nil {
				return err
			}
			return doc.Decode(options)
		})
	}
	if addr := os.Getenv("TCPBENCH_PPROF"); addr != "" {
		mux := http.NewServeMux()
		mux.HandleFunc("/debug/pprof/", pprof.Index)
		mux.HandleFunc("/debug/pprof/profile", func(w http.ResponseWriter, r *http.Request) {
			runtime.SetCPUProfileRate(250) // what is looked for takes a few per cent of one core
			pprof.Profile(w, r)
		})
		go func() { fmt.Fprintln(os.Stderr, http.ListenAndServe(addr, mux)) }()
	}
	if code := command.Main(args, command.Options{Kinds: []drivers.Kind{kind}}); code != 0 {
		os.Exit(code)
	}
	return nil
}
