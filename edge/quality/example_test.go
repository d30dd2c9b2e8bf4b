package quality_test

import (
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/quality"
)

func Example() {
	level := quality.New(&quality.Limits{
		Part:   quality.Range{Min: 0, Max: 10},    // what the transmitter can measure, m
		Metric: quality.Range{Min: -20, Max: 200}, // what a water level can be, m
		Every:  5 * time.Second,
	}, 0)
	fmt.Println(level.Judge(5_000, obs.Of(2.71)).Quality)
	fmt.Println(level.Judge(10_000, obs.Of(10.2)).Quality)
	fmt.Println(level.Stale(65_000))
	// Output:
	// {pass }
	// {fail range}
	// 1m0s true
}
