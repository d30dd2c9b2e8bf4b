package yamldoc

import (
	"fmt"
	"strconv"
	"strings"
)

// Share is a share of one processor core, written 20%: 0.2. It is 1 % to 400 %.
type Share float64

// UnmarshalText reads a number and a percent sign.
func (s *Share) UnmarshalText(b []byte) error {
	digits, ok := strings.CutSuffix(string(b), "%")
	n, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	if !ok || err != nil || !(n >= 1 && n <= 400) {
		return fmt.Errorf("%q is no share of a core; write 1%% to 400%%", b)
	}
	*s = Share(n / 100)
	return nil
}

// MarshalText is the inverse of UnmarshalText.
func (s Share) MarshalText() ([]byte, error) {
	return append(strconv.AppendFloat(nil, float64(s)*100, 'f', -1, 64), '%'), nil
}
