//go:build linux

package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
)

const (
	gatewayID = "bench-01"
	profileID = "bench-100"
)

func deviceID(i int) string { return fmt.Sprintf("panel-%03d", i) }

// quantity is one of the four that each of the 25 feeders of a panel has.
type quantity struct {
	metric, scale, max string
	value              string // of levels
}

var quantities = [4]quantity{
	{"voltage", "0.1", "400", "230"}, {"current", "0.01", "63", "12.5"}, {"power", "1", "20000", "2875"}, {"temp", "0.1", "120", "45.2"},
}

// profile describes a distribution panel: 25 feeders with four registers each, all
// read in one request.
func profile() ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "id: %s\nname: {zh: 配电柜, en: distribution panel}\nmaker: none\nsource: {document: made for measuring}\nsure: true\nidentify: none\nchannels:\n", profileID)
	var values strings.Builder
	var words []byte
	for i := range registers {
		q := quantities[i%len(quantities)]
		name := fmt.Sprintf("%s.f%02d", q.metric, i/len(quantities)+1)
		fmt.Fprintf(&b, "  - {name: %s, function: 3, register: %d, type: uint16, scale: %s, min: 0, max: %s}\n", name, i, q.scale, q.max)
		fmt.Fprintf(&values, "      %s: %s\n", name, q.value)
		words = append(words, byte(levels[i%len(levels)]>>8), byte(levels[i%len(levels)]))
	}
	request := codec.Request{Function: 3, Count: registers}.Append(nil)
	answer := codec.Answer{Function: 3, Data: words}.Append(nil)
	fmt.Fprintf(&b, "fixtures:\n  - source: constructed\n    request: %s\n    response: %s\n    values:\n%s",
		hex.EncodeToString(codec.AppendRTU(nil, 1, request)), hex.EncodeToString(codec.AppendRTU(nil, 1, answer)), values.String())
	return b.Bytes(), nil
}

// configure writes the gateway's configuration and its profile, and returns the
// file's name.
func configure(dir, broker string, every time.Duration, ports []string) (string, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "gateway: {id: %s}\nuplink: {broker: \"mqtt://%s\", stores: [%s]}\njournal: {dir: %s}\nstatus: {listen: \"127.0.0.1:0\"}\n",
		gatewayID, broker, storeID, filepath.Join(dir, "journal"))
	fmt.Fprintln(&b, "buses:")
	for i, port := range ports {
		fmt.Fprintf(&b, "  %s: {tcp: \"127.0.0.1:%s\"}\n", deviceID(i), port)
	}
	fmt.Fprintln(&b, "devices:")
	for i := range ports {
		fmt.Fprintf(&b, "  %s: {driver: %s, bus: %s, address: 1, every: %s}\n", deviceID(i), profileID, deviceID(i), every)
	}
	fmt.Fprintln(&b, "rules:")
	for i := range ports {
		id := deviceID(i)
		fmt.Fprintf(&b, "  hot-%d: {when: \"%s.temp.f01 > 60\", for: 10s, clear: \"%s.temp.f01 < 55\", severity: yellow}\n", i, id, id)
		if i%10 == 0 {
			fmt.Fprintf(&b, "  load-%d: {when: \"avg(%s.power.f01, 5m) > 5000\", for: 1m, severity: blue}\n", i, id)
		}
	}
	p, err := profile()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(dir, "profiles")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(folder, profileID+".yaml"), p, 0o600); err != nil {
		return "", err
	}
	name := filepath.Join(dir, "gateway.yaml")
	return name, os.WriteFile(name, b.Bytes(), 0o600)
}
