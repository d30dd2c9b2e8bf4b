package status

// Output is something that is switched, as it stands.
type Output struct {
	ID    string            `json:"id"`
	Name  map[string]string `json:"name,omitempty"`
	State string            `json:"state"`  // off, switching-on, on, switching-off
	ForMS int64             `json:"for_ms"` // since State began
	Why   string            `json:"why"`    // rule, command, interlock, limit, safe, fault
	By    string            `json:"by,omitempty"`
	// LeftMS is until it goes off at the latest, or, while it is off and Asked, until it
	// may go on; 0: not a matter of time.
	LeftMS int64  `json:"left_ms,omitempty"`
	Asked  bool   `json:"asked,omitempty"`   // somebody wants it on
	Block  string `json:"block,omitempty"`   // why it is not on all the same: interlock, limit, fault
	Says   string `json:"says,omitempty"`    // Block in full
	HeldMS int64  `json:"held_ms,omitempty"` // for how long it yet stays off, whoever asks
	Fault  string `json:"fault,omitempty"`   // a fault word, stuck, astray
	Detail string `json:"detail,omitempty"`  // the fault in full
}
