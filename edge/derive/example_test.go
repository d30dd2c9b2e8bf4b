package derive_test

import (
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/derive"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

func ExampleCompile() {
	metrics, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		fmt.Println(err)
		return
	}
	distance, _ := metrics.Lookup("distance")
	radar := obs.Stream{Device: "radar", Channel: "distance"}
	plans, _ := derive.Compile([]derive.Spec{{ID: "level", Is: "12.40 - x", Metric: "level", Of: []derive.Source{{Name: "x", Stream: radar}}}},
		derive.Library{Known: map[obs.Stream]derive.Known{radar: {Every: 5 * time.Second, Metric: distance}}, Metrics: metrics})
	engine, now := derive.New(plans), derive.At{BootMS: 60_000}
	engine.Observe(radar, now, obs.Reading{Value: 9.15, Quality: obs.Quality{Flag: obs.Pass}})
	for _, o := range engine.Tick(now) {
		fmt.Printf("%s.%s %.2f %v\n", o.ID, plans[0].Channels[0], o.Readings[0].Value, o.Readings[0].Quality.Flag)
	}
	// Output: level.level 3.25 pass
}
