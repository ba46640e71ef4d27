package rocketchat

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestTheAnswerToALoginIsDecoded(t *testing.T) {
	for name, text := range map[string]string{
		"of old releases":   `{"status":"success","data":{"userId":"u","authToken":"t","me":{"_id":"u","settings":{"preferences":{"x":[1]}}}}}`,
		"of later releases": `{"status":"success","data":{"userId":"u","authToken":"t","me":{}},"success":true}`,
		"in another order":  `{"success":true,"data":{"me":{"userId":"no","authToken":"no"},"authToken":"t","userId":"u"}}`,
		"with escapes":      `{"data":{"userId":"\u0075","authToken":"\u0074"}}`,
	} {
		if got, err := decodeLogin(strings.NewReader(text)); err != nil || got != (account{userID: "u", authToken: "t"}) {
			t.Errorf("%s: got %v, error %v", name, got, err)
		}
	}
}

func TestWhatIsNoAnswerToALoginIsRefused(t *testing.T) {
	for text, want := range map[string]error{
		``:                                       errBlank,
		`[]`:                                     errNotAnObject,
		`yes`:                                    errNotAnObject,
		`{`:                                      errTruncated,
		`{"data":`:                               errTruncated,
		`{"data":{"userId":"u","authToken":`:     errTruncated,
		`{"data":{"userId":"u","authToken":"t"}`: errTruncated,
		`{"data":{"userId":"u","authToken":"t"}} x`: errNotJSON,
		`{}`:                         errNoToken,
		`{"data":null}`:              errNoToken,
		`{"data":[]}`:                errNoToken,
		`{"data":{"userId":"u"}}`:    errNoToken,
		`{"data":{"authToken":"t"}}`: errNoToken,
		`{"data":{"userId":null,"authToken":"t"}}`:                                errNoToken,
		`{"data":{"userId":7,"authToken":"t"}}`:                                   errNoToken,
		`{"data":{"userId":"u","authToken":""}}`:                                  errNoToken,
		`{"data":{"userId":"u","authToken":"a b"}}`:                               errNoToken,
		`{"data":{"userId":"u","authToken":"a\nb"}}`:                              errNoToken,
		`{"userId":"u","authToken":"t"}`:                                          errNoToken,
		`{"success":false,"data":{"userId":"u","authToken":"t"}}`:                 errNoSuccess,
		`{"success":"true","data":{"userId":"u","authToken":"t"}}`:                errNoSuccess,
		`{"success":true,"success":true}`:                                         errRepeatedKey,
		`{"data":{},"data":{"userId":"u","authToken":"t"}}`:                       errRepeatedKey,
		`{"data":{"userId":"u","userId":"v","authToken":"t"}}`:                    errRepeatedKey,
		`{"data":{"userId":"u","authToken":"` + strings.Repeat("x", 5000) + `"}}`: errTooBig,
	} {
		if got, err := decodeLogin(strings.NewReader(text)); !errors.Is(err, want) || got != (account{}) {
			t.Errorf("%.60s: got %v, error %v, want %v", text, got, err, want)
		}
	}
}

// What is accepted is JSON, and means what encoding/json says that it means.
func FuzzDecodeLogin(f *testing.F) {
	for _, text := range []string{
		"", "{}", `{"status":"success","data":{"userId":"u","authToken":"t","me":{}},"success":true}`, `{"data":{"userId":"\u0075","authToken":"\ud83d\ude00"}}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := decodeLogin(strings.NewReader(string(text)))
		if err != nil {
			return
		}
		var want map[string]any // A struct would also take keys of another case.
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatalf("accepted %q: %v", text, err)
		}
		data, _ := want["data"].(map[string]any)
		if data["userId"] != got.userID || data["authToken"] != got.authToken || !fitsHeader(got.userID) || !fitsHeader(got.authToken) {
			t.Errorf("got %+v of %q", got, text)
		}
	})
}
