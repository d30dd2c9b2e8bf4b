package config_test

import (
	"errors"
	"fmt"
	"os"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/pms5003"
	"github.com/lamppost-city/lamppost/edge/config"
)

func ExampleLoad() {
	src := []byte(`gateway: {id: hz-gongshu-bridge-07}
journal: {commit: 15 seconds}
devices:
  air: {driver: pms5030, port: /dev/ttyAMA1}
`)
	_, err := config.Load("gateway.yaml", src, config.Env{Kinds: []drivers.Kind{pms5003.Kind()}})
	var problems yamldoc.Problems
	if errors.As(err, &problems) {
		if err := problems.Render(os.Stdout); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// gateway.yaml:2:19  E1108  "15 seconds" is not a duration
	//     2 | journal: {commit: 15 seconds}
	//       |                   ^^^^^^^^^^ write 15s (units: ms s m h d)
	// gateway.yaml:4:17  E2602  there is no driver "pms5030"
	//     4 |   air: {driver: pms5030, port: /dev/ttyAMA1}
	//       |                 ^^^^^^^ did you mean "pms5003"?
	// 2 errors in gateway.yaml
}
