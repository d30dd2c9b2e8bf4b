package archtest

import "strings"

// rule says what of ours the packages below a folder may import. "drivers" is that
// one package, "drivers/..." everything below it as well.
type rule struct {
	dir string
	may []string
	why string
}

// rules is the map. The longest dir that fits a package counts; its own folder is
// always allowed.
var rules = []rule{
	{"firmware-configs/...", nil, "it is data: whoever needs it reads it"},

	{"drivers", []string{"drivers/obs"}, "the contract knows only the vocabulary"},
	{"drivers/obs/...", []string{"drivers/codec/..."}, "everything else stands on the vocabulary"},
	{"drivers/codec/...", []string{"drivers/codec/..."}, "a codec is pure: bytes in, values out"},
	{"drivers/frame/...", []string{"drivers"}, "it frames for every driver and knows only the contract"},
	{"drivers/ranging/...", []string{"drivers", "drivers/obs"}, "it gauges for every range finder and knows only the contract"},
	{"drivers/metering/...", []string{"drivers", "drivers/obs", "drivers/codec/yamldoc"}, "it meters for every counter and knows only the contract, and how a range is written"},
	{"drivers/...", driver, "a driver knows the contract, not the gateway, not the line's owner, not another driver"},
	{"drivers/bus/...", append([]string{"drivers/bus/..."}, driver...), "a bus serves drivers and knows none"},
	{"drivers/drivertest/...", append([]string{"firmware-configs", "drivers/bus/tape"}, driver...), "the kit knows drivers by their contract, the tapes they are played from, and the data that is built in"},
	{"drivers/catalog/...", []string{"drivers/..."}, "it lists the drivers and nothing else"},

	{"edge/wire/...", []string{"drivers/obs", "drivers/codec/..."}, "the contract with the cloud stands on the vocabulary alone"},
	{"edge/journal/...", nil, "it stores bytes and knows no observation"},
	{"edge/clock/...", []string{"edge/wire"}, "it is a value type that every job uses"},
	{"edge/record/...", []string{"drivers/obs", "drivers/codec/...", "edge/wire", "edge/journal"}, "it is what stands in a record of the journal, and every job may use it"},
	{"edge/buffer/...", []string{"drivers/obs", "drivers/codec/...", "edge/wire", "edge/record", "edge/journal"}, "it shows what a journal holds and asks nobody else"},
	{"edge/rule/...", judge, "an evaluator sees observations and values only"},
	{"edge/rehearsal/...", append([]string{"edge/rule"}, judge...), "it plays readings to the evaluator and does no I/O"},
	{"edge/derive/...", judge, "it computes of observations and does no I/O"},
	{"edge/quality/...", judge, "an evaluator sees observations and values only"},
	{"edge/alert/...", judge, "it turns transitions into documents and does no I/O"},
	{"edge/...", append([]string{"drivers/...", "firmware-configs"}, edgeValues...), "jobs meet through values or an interface of their own; only edge/gateway composes them"},
	{"edge/gateway/...", []string{"edge/...", "drivers/...", "firmware-configs"}, "it composes the edge and knows no cloud"},

	{"cloud/...", append([]string{"cloud/store", "cloud/view", "cloud/database", "cloud/packed"}, cloudTakes...), "jobs meet through values or an interface of their own; only cloud/aggregator composes them; of the edge the cloud takes wire, journal and uplink"},
	{"cloud/settings/...", append([]string{"cloud/notify/channel", "cloud/notify/words", "cloud/cases/lifecycle"}, cloudTakes...), "it judges hosts, secrets, templates and deadlines with the code that will use them, and knows no other job"},
	{"cloud/aggregator/...", append([]string{"cloud/..."}, cloudTakes...), "it composes the cloud; of the edge it takes wire, journal and uplink"},

	{"cmd/...", everything, "programs bring the two sides together"},
	{"deploy/...", everything, "rigs measure whatever there is"},
}

var (
	driver     = []string{"drivers", "drivers/obs", "drivers/codec/...", "drivers/frame", "drivers/profile", "drivers/ranging", "drivers/metering"}
	edgeValues = []string{"edge/wire", "edge/clock", "edge/record"}
	judge      = append([]string{"drivers/obs", "drivers/obs/quantity", "drivers/codec/..."}, edgeValues...)
	cloudTakes = []string{"edge/wire", "edge/journal/...", "edge/uplink/...", "drivers/obs", "drivers/codec/...", "firmware-configs"}
	everything = []string{"cmd/...", "edge/...", "cloud/...", "drivers/...", "firmware-configs"}
)

// testRules say what a test may import beside what its package may: the data, the
// kit, and siblings of its own side to play with.
var testRules = []rule{
	{"firmware-configs/...", []string{"drivers/...", "edge/..."}, "its tests decode every file, with the readers of drivers and edge"},
	{"drivers/...", []string{"drivers/...", "firmware-configs"}, "not even its tests may know edge or cloud"},
	{"edge/...", []string{"edge/...", "drivers/...", "firmware-configs"}, "not even its tests may know the cloud"},
	{"cloud/...", append([]string{"cloud/..."}, cloudTakes...), "of the edge it takes wire, journal and uplink, in tests as well"},
	{"cmd/...", everything, ""},
	{"deploy/...", everything, ""},
}

// onlyInTests are packages that no program may hold.
var onlyInTests = []string{"cloud/database/databasetest", "drivers/drivertest", "drivers/bus/ptytest", "edge/journal/faultfs", "edge/uplink/explore"}

// emptyNames say nothing about what a package provides.
var emptyNames = []string{"util", "utils", "common", "helper", "helpers", "misc", "types", "model", "models", "base", "lib", "shared"}

// within says whether dir is meant by a pattern.
func within(dir, pattern string) bool {
	root, tree := strings.CutSuffix(pattern, "/...")
	return dir == root || tree && strings.HasPrefix(dir, root+"/")
}

// ruleFor returns the rule for a package's folder: the one that fits most closely.
func ruleFor(dir string, among []rule) (best rule, found bool) {
	closest := -1
	for _, r := range among {
		root, tree := strings.CutSuffix(r.dir, "/...")
		n := 2 * len(root)
		if !tree {
			n++ // exactly this folder fits more closely than this folder and below
		}
		if within(dir, r.dir) && n > closest {
			best, found, closest = r, true, n
		}
	}
	return best, found
}
