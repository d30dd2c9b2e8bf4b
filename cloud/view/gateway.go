package view

import "github.com/lamppost-city/lamppost/edge/wire"

// Text is one sentence or label in the languages of the console.
type Text struct {
	Zh string `json:"zh"`
	En string `json:"en"`
}

// Info says what this aggregator is.
type Info struct {
	Version  string    `json:"version"`
	Store    StoreInfo `json:"store"`
	MQTT     MQTTInfo  `json:"mqtt"`
	Started  int64     `json:"started"`
	Now      int64     `json:"now"`
	Insecure bool      `json:"insecure"` // listens on more than loopback, without accounts
	Accounts bool      `json:"accounts"` // nobody comes in without an account or a token
	// CommandKey is the public key that commands are signed with, for the gateways'
	// uplink.commands.
	CommandKey string `json:"command_key"`
	// TimeZone is that of the messages: +08:00 or Asia/Shanghai; empty: nobody is told anything.
	TimeZone string  `json:"time_zone"`
	Map      MapInfo `json:"map"`
}

// MapInfo says what lies below the map. Each is empty where it is not set.
type MapInfo struct {
	Tiles       string `json:"tiles"`       // a URL with {z}, {x} and {y}, web Mercator
	Coordinates string `json:"coordinates"` // of the tiles: wgs84, cgcs2000, gcj02
	Attribution string `json:"attribution"`
	Approval    string `json:"approval"` // number of the map's approval
}

// StoreInfo names the time-series store.
type StoreInfo struct {
	ID   string `json:"id"`
	Kind string `json:"kind"` // embedded, influx
}

// MQTTInfo says where gateways connect to.
type MQTTInfo struct {
	Address string `json:"address"` // a URL for the gateway's uplink.broker
	Prefix  string `json:"prefix"`
}

// Gateway is one gateway as the fleet knows it.
type Gateway struct {
	ID       string            `json:"id"`
	Name     string            `json:"name"`
	Online   bool              `json:"online"`
	Since    int64             `json:"since"`     // when Online last changed
	LastSeen int64             `json:"last_seen"` // when anything last came from it
	Version  string            `json:"version"`
	Config   string            `json:"config"` // hash of what runs
	Clock    string            `json:"clock"`  // synced, held, unsynced; empty: not known yet
	Epoch    wire.Epoch        `json:"epoch"`
	Area     string            `json:"area"`
	Position *wire.Position    `json:"position"`
	TimeZone string            `json:"time_zone"` // of its place: +08:00; empty: it does not say
	Journal  wire.JournalState `json:"journal"`
	Health   []wire.Health     `json:"health"` // the gateway's own findings and the fleet's about it
	Devices  []Device          `json:"devices"`
	// Conflict: two gateways speak under this id, a cloned card most likely.
	Conflict bool `json:"conflict"`
}

// Device is one device of a gateway.
type Device struct {
	ID       string   `json:"id"`
	Driver   string   `json:"driver"`
	Profile  string   `json:"profile"`
	Bus      string   `json:"bus"`
	Address  string   `json:"address"`
	EveryMS  int64    `json:"every_ms"`
	Channels []string `json:"channels"`
	State    string   `json:"state"` // ok, silent, fault, waiting
	Fault    string   `json:"fault"`
	Note     string   `json:"note"`
	Camera   bool     `json:"camera"`

	Upkeep *wire.Upkeep `json:"upkeep,omitempty"` // somebody works on it
}

// Camera is a camera with its newest still.
type Camera struct {
	Gateway string  `json:"gateway"`
	Device  string  `json:"device"`
	Image   *string `json:"image"` // image id; null: no still has come yet
	T       *int64  `json:"t"`     // when it was taken
}

// Command is something that a gateway was asked to do, and what became of it. Of Store
// to ForMS those are filled in that Kind speaks of.
type Command struct {
	ID      string `json:"id"`
	Gateway string `json:"gateway"`
	Kind    string `json:"kind"` // rewind, acknowledge, read, still, actuate
	Store   string `json:"store"`
	Since   int64  `json:"since"` // of the records; 0: everything
	Alert   string `json:"alert,omitempty"`
	Device  string `json:"device,omitempty"`
	Output  string `json:"output,omitempty"`
	On      *bool  `json:"on,omitempty"`
	ForMS   int64  `json:"for_ms,omitempty"` // 0: as long as it may be
	By      string `json:"by"`               // who asked; empty: not said
	Issued  int64  `json:"issued"`
	Until   int64  `json:"until"` // when it is given up
	// State: waiting for the gateway, done, refused by it, or expired without an answer.
	State    string `json:"state"`
	Sent     int    `json:"sent"` // how often it was published
	LastSent *int64 `json:"last_sent"`
	Answered *int64 `json:"answered"`
	// Why is the gateway's word if it refused, one of wire's; Detail is its sentence.
	Why     string   `json:"why"`
	Detail  string   `json:"detail,omitempty"`
	Records uint64   `json:"records"`           // rewind: how many it will send again
	Image   string   `json:"image,omitempty"`   // still: the picture's id
	Outputs []string `json:"outputs,omitempty"` // acknowledge: those that it silenced
}

// Ask is what a gateway is to be asked for. Kind says which of the others count.
type Ask struct {
	Kind   string
	Since  *int64 // rewind: Unix milliseconds; 0: everything
	Alert  string // acknowledge
	Device string // read, still
	Output string // actuate
	On     *bool
	ForMS  int64
	By     string // the person's name; may be empty
}
