package yamldoc_test

import (
	"errors"
	"os"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

func Example() {
	src := []byte("devices:\n  river: {boud: 9600, every: 500ms}\n")
	var config struct {
		Devices map[string]struct {
			Baud  int           `yaml:"baud"`
			Every time.Duration `yaml:"every"`
		} `yaml:"devices"`
	}
	doc, err := yamldoc.Parse("site.yaml", src)
	if err == nil {
		err = doc.Decode(&config)
	}
	var problems yamldoc.Problems
	errors.As(err, &problems)
	if config.Devices["river"].Every < time.Second { // what only the caller can judge
		p := doc.Problem([]string{"devices", "river", "every"}, "E2201", "500ms is shorter than the part allows")
		problems = append(problems, p.WithHint("write 1s or longer"))
	}
	if err := problems.Render(os.Stdout); err != nil {
		panic(err)
	}
	// Output:
	// site.yaml:2:11  E1101  unknown key "boud" in devices.river
	//     2 |   river: {boud: 9600, every: 500ms}
	//       |           ^^^^ did you mean "baud"?
	// site.yaml:2:30  E2201  500ms is shorter than the part allows
	//     2 |   river: {boud: 9600, every: 500ms}
	//       |                              ^^^^^ write 1s or longer
	// 2 errors in site.yaml
}
