package command

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the scripts in testdata/script run lamppost as a program.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"lamppost": func() { os.Exit(Main(os.Args[1:], Options{Version: "test"})) },
	})
}

// Each script is commands as a person types them, with what they must print. With
// UPDATE_GOLDEN=1 the expected texts are written anew.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", UpdateScripts: os.Getenv("UPDATE_GOLDEN") != "",
		Setup: func(e *testscript.Env) error {
			e.Setenv("LANG", "en_GB.UTF-8")
			e.Setenv("LC_ALL", "")
			return nil
		},
	})
}
