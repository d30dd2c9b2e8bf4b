package detect

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
)

func TestParse(t *testing.T) {
	person := drivers.Detection{Class: "person", Score: 0.87, Box: [4]float64{0.41, 0.22, 0.48, 0.71}}
	for line, want := range map[string][]drivers.Detection{
		`{"id":7,"found":[]}`: {},
		`{"id":7,"found":[{"class":"person","score":0.87,"box":[0.41,0.22,0.48,0.71]}],"ms":31}`: {person},
		`{"id":7,"found":[{"class":"no entry","score":1,"box":[-0.2,-0.01,1.1,1.5]},{"class":"b","score":0,"box":[0,0,1,1]}]}`: {
			{Class: "no entry", Score: 1, Box: [4]float64{0, 0, 1, 1}}, {Class: "b", Box: [4]float64{0, 0, 1, 1}}},
	} {
		a, err := Parse([]byte(line))
		if err != nil || a.ID != 7 || a.Fault != nil || !reflect.DeepEqual(a.Found, want) {
			t.Errorf("Parse(%s) = %+v, %v, want %v", line, a, err, want)
		}
	}
	for word, text := range map[string]string{"device": "the accelerator is gone", "busy": ""} {
		a, err := Parse([]byte(`{"id":7,"fault":"` + word + `","text":"` + text + `"}`))
		if err != nil || drivers.FaultWord(a.Fault) != word || !strings.Contains(a.Fault.Error(), text) {
			t.Errorf("the fault %s reads %+v, %v", word, a, err)
		}
	}
	if a, err := Parse([]byte(`{"id":7,"fault":"warm-up"}`)); err != nil || a.Fault != ErrLoading {
		t.Errorf("warm-up reads %+v, %v", a, err)
	}
}

func TestParseRefuses(t *testing.T) {
	found := func(things string) string { return `{"id":7,"found":[` + things + `]}` }
	for line, want := range map[string]string{
		``:                                     "is no answer",
		`Traceback (most recent call`:          `"Traceback (most recent call" is no answer`,
		`{"found":[]}`:                         "has no id",
		`{"id":7}`:                             "answer 7 needs either found or a fault",
		`{"id":7,"found":null}`:                "answer 7 needs either found or a fault",
		`{"id":7,"found":[],"fault":"device"}`: "answer 7 needs either found or a fault",
		`{"id":7,"fault":"tired"}`:             `answer 7: there is no fault "tired"`,
		`{"id":7,"fault":"stopped"}`:           `answer 7: there is no fault "stopped"`,
		`{"id":-1,"found":[]}`:                 "is no answer",
		found(`{"class":"a","score":NaN,"box":[0,0,1,1]}`):             "JSON has no NaN and no Infinity",
		found(`{"class":"a","score":0.5,"box":[0,0,Infinity,1]}`):      "JSON has no NaN and no Infinity",
		found(`{"class":"a","score":1e999,"box":[0,0,1,1]}`):           "is no answer",
		found(`{"class":"a","score":2.0,"box":[0,0,1,1]}`):             `answer 7: found 1: "a" has a score of 2; write 0 to 1`,
		found(`{"class":"a","score":-0.1,"box":[0,0,1,1]}`):            "has a score of -0.1",
		found(`{"class":"a","box":[0,0,1,1]}`):                         `"a" has no score`,
		found(`{"score":0.5,"box":[0,0,1,1]}`):                         "a class of 0 bytes",
		found(`{"class":"a","score":0.5}`):                             `"a" has no box`,
		found(`{"class":"a","score":0.5,"box":[0,0,1]}`):               `"a" has no box`,
		found(`{"class":"a","score":0.5,"box":[12,30,100,200]}`):       "write shares of the picture's width and height, 0 to 1, not pixels",
		found(`{"class":"a","score":0.5,"box":[0.5,0,0.5,1]}`):         "a box of no size in the picture",
		found(`{"class":"a","score":0.5,"box":[0.9,0.2,0.3,0.4]}`):     "a box of no size in the picture",
		found(`{"class":"a","score":0.5,"box":[1.1,0.2,1.3,0.4]}`):     "a box of no size in the picture",
		found(`{"class":"a","score":0.5,"box":[0,0,1,1]},{"class":7}`): "is no answer",
		found(strings.Repeat(`{},`, 100) + `{}`):                       "101 things were found; tell the best 100",
	} {
		if a, err := Parse([]byte(line)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%s) = %+v, %v, want %q", line, a, err, want)
		}
	}
}

// FuzzParse: what is accepted is a fault that has a word, or a bounded number of things
// whose scores and boxes are in their ranges; and written down, it reads the same again.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"id":17,"found":[{"class":"person","score":0.87,"box":[0.41,0.22,0.48,0.71]},{"class":"truck","score":0,"box":[-0.1,0,1.2,1]}]}`))
	f.Add([]byte(`{"id":17,"fault":"device","text":"the accelerator is gone"}`))
	f.Add([]byte(`{"id":17,"found":[{"class":"person","score":NaN}]}`))
	f.Add([]byte(`{"id":17,"fault":"warm-up"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		a, err := Parse(line)
		if err != nil {
			if len(err.Error()) > 2000+2*len(line) {
				t.Errorf("an error of %d bytes for a line of %d", len(err.Error()), len(line))
			}
			return
		}
		if a.Fault != nil {
			if a.Found != nil || a.Fault != ErrLoading && drivers.FaultWord(a.Fault) == "error" {
				t.Fatalf("%q reads %+v", line, a)
			}
			return
		}
		if a.Found == nil || len(a.Found) > drivers.MostDetections {
			t.Fatalf("%q reads %+v", line, a)
		}
		for _, d := range a.Found {
			if !(d.Score >= 0 && d.Score <= 1 && d.Box[0] >= 0 && d.Box[1] >= 0 && d.Box[2] <= 1 && d.Box[3] <= 1 && d.Box[0] < d.Box[2] && d.Box[1] < d.Box[3]) || d.Class == "" {
				t.Fatalf("%q reads %+v", line, d)
			}
		}
		again, err := json.Marshal(map[string]any{"id": a.ID, "found": a.Found})
		if err != nil {
			t.Fatal(err)
		}
		if b, err := Parse(again); err != nil || !reflect.DeepEqual(a, b) {
			t.Fatalf("%q reads %+v, and written down %+v, %v", line, a, b, err)
		}
	})
}
