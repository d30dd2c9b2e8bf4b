package obs_test

import (
	"fmt"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

func ExampleCatalog_Lookup() {
	catalog, err := obs.ParseCatalog("metrics.yaml", []byte(`
metrics:
  temp: {unit: Cel, text: ℃, min: -60, max: 125, decimals: 1, label: {zh: 温度, en: temperature}}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	if m, ok := catalog.Lookup("temp.inlet"); ok {
		fmt.Printf("%s %s %s\n", m.Label.In("en"), m.Format(21.46), m.Text)
	}
	// Output: temperature 21.5 ℃
}
