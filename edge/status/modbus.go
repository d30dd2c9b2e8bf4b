package status

// Modbus is what a Modbus line or host has beside the counts of every line.
type Modbus struct {
	Busy       float64 `json:"busy"`     // share of the last half minute, 0 to 1, in which an exchange was going on
	Echo       bool    `json:"echo"`     // the line gives our own requests back
	Requests   uint64  `json:"requests"` // retries included
	Exceptions uint64  `json:"exceptions"`
	Malformed  uint64  `json:"malformed"` // answers over TCP that do not follow the protocol
	Retries    uint64  `json:"retries"`
	Skipped    uint64  `json:"skipped"` // calls that were not worth their time, because the slave is silent
	Slaves     []Slave `json:"slaves"`
}

// Slave is one unit on a Modbus line or behind a host.
type Slave struct {
	Address     uint8   `json:"address"`
	Requests    uint64  `json:"requests"`
	Answers     uint64  `json:"answers"` // good ones that refuse nothing
	Exceptions  uint64  `json:"exceptions"`
	Timeouts    uint64  `json:"timeouts"`
	Unreached   uint64  `json:"unreached"` // requests that did not come as far, since the line or host was not there
	BadChecksum uint64  `json:"bad_checksum"`
	Malformed   uint64  `json:"malformed"`
	Retries     uint64  `json:"retries"`
	Skipped     uint64  `json:"skipped"`
	ResponseMS  float64 `json:"response_ms"`        // of an exchange, on the average; 0: none yet
	Failures    int     `json:"failures"`           // in a row
	RetryMS     int64   `json:"retry_ms,omitempty"` // until it is asked again, while it is skipped
	Fault       string  `json:"fault,omitempty"`    // the word for the last failure, while there is one
	Away        bool    `json:"away,omitempty"`     // it is the line's or the host's: the last request did not come as far as the slave
}
