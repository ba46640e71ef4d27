package rocketchat_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

const emptyPage = `{"departments":[],"count":0,"offset":0,"total":0,"success":true}`

// rowsOf is an answer of these rows.
func rowsOf(rows ...string) string {
	return fmt.Sprintf(`{"departments":[%s],"total":%d,"success":true}`, strings.Join(rows, ","), len(rows))
}

// many are n different rows.
func many(n int) []string {
	rows := make([]string, n)
	for i := range rows {
		rows[i] = fmt.Sprintf(`{"_id":"%d","abandonedRooms":1,"name":"%d"}`, i, i)
	}
	return rows
}

// transport answers without a server.
type transport func(*http.Request) *http.Response

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }

// responding has a client get the same answer to each request.
func responding(status int, contentType, text string) func(*rocketchat.Options) {
	return func(o *rocketchat.Options) {
		o.Transport = transport(func(*http.Request) *http.Response {
			header := http.Header{"Content-Type": {contentType}}
			return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(text))}
		})
	}
}

// answering returns a client of a server that answers each request with the text.
func answering(tb testing.TB, text string) *rocketchat.Client {
	tb.Helper()
	client, _ := connect(tb, nil, responding(http.StatusOK, "application/json", text))
	return client
}

func TestCountsAreDecoded(t *testing.T) {
	long := strings.Repeat("x", 256)
	for name, tt := range map[string]struct {
		text       string
		want       map[string]int
		incomplete bool
	}{
		"empty":             {text: emptyPage, want: map[string]int{}},
		"other keys":        {text: `{"x":{"y":[1,-2.5e3,"z",null,{}]},"departments":[{"_id":"a","name":"A","abandonedRooms":4}],"total":1,"success":true}`, want: map[string]int{"a": 4}},
		"more departments":  {text: `{"departments":[{"_id":"a","abandonedRooms":4}],"total":2,"success":true}`, want: map[string]int{"a": 4}, incomplete: true},
		"no total":          {text: `{"departments":[{"_id":"a","abandonedRooms":4}],"success":true}`, want: map[string]int{"a": 4}, incomplete: true},
		"null":              {text: rowsOf(`{"_id":null,"abandonedRooms":4}`), want: map[string]int{"none": 4}},
		"null twice":        {text: rowsOf(`{"_id":null,"abandonedRooms":4}`, `{"_id":"a","abandonedRooms":1}`, `{"_id":null,"abandonedRooms":3}`), want: map[string]int{"a": 1, "none": 7}},
		"none in each form": {text: rowsOf(`{"_id":null,"abandonedRooms":4}`, `{"_id":"","abandonedRooms":3}`, `{"_id":"none","abandonedRooms":2}`), want: map[string]int{"none": 9}},
		"the largest count": {text: rowsOf(`{"_id":"a","abandonedRooms":274877906944}`), want: map[string]int{"a": 1 << 38}},
		"the longest id":    {text: rowsOf(`{"_id":"` + long + `","abandonedRooms":4}`), want: map[string]int{long: 4}},
		"escapes":           {text: rowsOf(`{"_id":"\u0061\"\\\/\ud83d\ude00\n","abandonedRooms":4}`), want: map[string]int{"a\"\\/😀\n": 4}},
		"invalid UTF-8":     {text: rowsOf("{\"_id\":\"a\xffb\",\"abandonedRooms\":4}"), want: map[string]int{"a\uFFFDb": 4}},
		"ids that become equal": {
			text: rowsOf("{\"_id\":\"a\xff\",\"abandonedRooms\":4}", "{\"_id\":\"a\xfe\",\"abandonedRooms\":3}", `{"_id":"a\ud800","abandonedRooms":2}`),
			want: map[string]int{"a\uFFFD": 9},
		},
	} {
		t.Run(name, func(t *testing.T) {
			// What is missing is requested with count=0, which brings the same here.
			counts, err := lastDay(t.Context(), answering(t, tt.text))
			if got := numbers(t, counts); err != nil || !maps.Equal(got, tt.want) || counts.Complete == tt.incomplete {
				t.Errorf("got %v, complete %v, error %v; want %v, complete %v", got, counts.Complete, err, tt.want, !tt.incomplete)
			}
		})
	}
	if counts, err := lastDay(t.Context(), answering(t, rowsOf(many(20_000)...))); err != nil || len(counts.Departments) != 20_000 {
		t.Errorf("got %d departments, error %v; want 20000", len(counts.Departments), err)
	}
}

func TestInvalidAnswers(t *testing.T) {
	const (
		notJSON       = "the answer is not whole JSON"
		wrongType     = "the answer has a value of a wrong type"
		noSuccess     = "the answer lacks success: true"
		noDepartments = "the answer has no array departments"
		badDepartment = "a department of the answer has no valid _id, number or name"
		repeated      = "a department's _id stands twice on one page"
		credential    = "a department's _id or name contains a credential"
		tooMany       = "the answer has more than 20000 departments"

		counts, list, both = "counts", "list", "both"
	)
	long := strings.Repeat("x", 257)
	for name, tt := range map[string]struct{ query, text, what string }{
		"blank":                     {both, "", "the answer is blank"},
		"a word":                    {both, "Unauthorized", notJSON},
		"truncated":                 {both, emptyPage[:len(emptyPage)-1], notJSON},
		"truncated in a row":        {both, emptyPage[:16] + `{"_id":"a`, notJSON},
		"text after it":             {both, emptyPage + "{}", notJSON},
		"success: false":            {both, `{"departments":[],"total":0,"success":false}`, noSuccess},
		"no success":                {both, `{"departments":[],"total":0}`, noSuccess},
		"no departments":            {both, `{"total":0,"success":true}`, noDepartments},
		"departments: null":         {both, `{"departments":null,"total":0,"success":true}`, noDepartments},
		"total of another type":     {both, `{"departments":[],"total":"0","success":true}`, wrongType},
		"a negative total":          {both, `{"departments":[],"total":-2,"success":true}`, wrongType},
		"20,001 departments":        {both, rowsOf(many(20_001)...), tooMany},
		"a row of another type":     {both, rowsOf(`"a"`), wrongType},
		"a row without id":          {both, rowsOf(`{"abandonedRooms":1}`), badDepartment},
		"an id that is a number":    {both, rowsOf(`{"_id":7,"abandonedRooms":1}`), wrongType},
		"an id twice":               {both, rowsOf(`{"_id":"a","abandonedRooms":1}`, `{"_id":"\u0061","abandonedRooms":1}`), repeated},
		"an id over 256 bytes":      {both, rowsOf(`{"_id":"` + long + `","abandonedRooms":1}`), badDepartment},
		"an id with the token":      {both, rowsOf(`{"_id":"x` + rocketchattest.AuthToken + `","abandonedRooms":1}`), credential},
		"a row without number":      {counts, rowsOf(`{"_id":"a"}`), badDepartment},
		"a number that is null":     {counts, rowsOf(`{"_id":"a","abandonedRooms":null}`), badDepartment},
		"a number that is a string": {counts, rowsOf(`{"_id":"a","abandonedRooms":"1"}`), wrongType},
		"a negative number":         {counts, rowsOf(`{"_id":"a","abandonedRooms":-1}`), badDepartment},
		"a fraction":                {counts, rowsOf(`{"_id":"a","abandonedRooms":1.5}`), wrongType},
		"a number over 2^38":        {counts, rowsOf(`{"_id":"a","abandonedRooms":274877906945}`), badDepartment},
		"a null id in the list":     {list, rowsOf(`{"_id":null}`), badDepartment},
		"an empty id in the list":   {list, rowsOf(`{"_id":""}`), badDepartment},
		"a name with the token":     {list, rowsOf(`{"_id":"a","name":"` + rocketchattest.AuthToken + `"}`), credential},
	} {
		t.Run(name, func(t *testing.T) {
			client := answering(t, tt.text)
			want := rocketchat.Error{Outcome: rocketchat.BadResponse, Status: 200, What: tt.what, Hint: hintNotRocketChat}
			if tt.query != list {
				want.Route = "total-abandoned-chats"
				_, err := lastDay(t.Context(), client)
				wantError(t, err, want)
			}
			if tt.query != counts {
				want.Route = "department"
				_, err := client.Departments(t.Context(), rocketchat.Query{})
				wantError(t, err, want)
			}
		})
	}
}

// What is missing or of a wrong type costs that value, and not the list.
func TestOptionalFieldsOfTheList(t *testing.T) {
	unknown := rocketchat.Department{ID: "a", Agents: -1}
	for name, tt := range map[string]struct {
		row  string
		want rocketchat.Department
	}{
		"all":                  {`"name":"A","enabled":true,"archived":false,"numAgents":3`, rocketchat.Department{ID: "a", Name: "A", Enabled: new(true), Agents: 3}},
		"an archived one":      {`"enabled":true,"archived":true,"numAgents":0`, rocketchat.Department{ID: "a", Enabled: new(false), Archived: true}},
		"none":                 {`"x":1`, unknown},
		"null":                 {`"name":null,"enabled":null,"archived":null,"numAgents":null`, unknown},
		"strings":              {`"enabled":"true","archived":"true","numAgents":"3"`, unknown},
		"numbers":              {`"name":1,"enabled":1,"archived":1,"numAgents":0.5`, unknown},
		"objects":              {`"name":{},"enabled":{},"archived":{},"numAgents":{}`, unknown},
		"fewer agents than 0":  {`"numAgents":-1`, unknown},
		"more agents than can": {`"numAgents":274877906945`, unknown},
		"a name not in UTF-8":  {"\"name\":\"A\xff\"", rocketchat.Department{ID: "a", Name: "A\uFFFD", Agents: -1}},
	} {
		t.Run(name, func(t *testing.T) {
			// The label of no department, and ids that become equal, are no departments.
			text := rowsOf(`{"_id":"none"}`, `{"_id":"a",`+tt.row+`}`, "{\"_id\":\"b\xff\"}", "{\"_id\":\"b\xfe\"}")
			got, err := answering(t, text).Departments(t.Context(), rocketchat.Query{})
			want := []rocketchat.Department{tt.want, {ID: "b\uFFFD", Agents: -1}}
			if err != nil || !got.Complete || !reflect.DeepEqual(got.Departments, want) {
				t.Errorf("got %+v, error %v; want %+v", got, err, want)
			}
		})
	}
}

// noCredential fails if the error contains a credential of the double's account.
func noCredential(t *testing.T, err error) {
	t.Helper()
	for _, secret := range []string{rocketchattest.AuthToken, rocketchattest.UserID, rocketchattest.Password} {
		if err != nil && strings.Contains(fmt.Sprintf("%v %#v", err, err), secret) {
			t.Errorf("the error contains a credential: %v", err)
		}
	}
}

// FuzzAnswer reads a text as counts, as the list and as the answer to a login.
func FuzzAnswer(f *testing.F) {
	for _, text := range []string{
		"", "{}", emptyPage, `{"data":{"userId":"u","authToken":"t","me":{}},"success":true}`,
		rowsOf(`{"_id":null,"abandonedRooms":1}`, `{"_id":"a\ud800","name":"A","enabled":true,"archived":false,"numAgents":3,"x":[{},-1e-5]}`),
		rowsOf(`{"_id":"` + rocketchattest.AuthToken + `","name":"` + rocketchattest.Password + `","abandonedRooms":1}`),
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		counts, err := lastDay(t.Context(), answering(t, text))
		noCredential(t, err)
		last := ""
		for _, d := range counts.Departments {
			if d.ID <= last || d.Rooms < 0 || !utf8.ValidString(d.ID) {
				t.Errorf("got department %+v after %q", d, last)
			}
			last = d.ID
		}
		list, err := answering(t, text).Departments(t.Context(), rocketchat.Query{})
		noCredential(t, err)
		last = ""
		for _, d := range list.Departments {
			if d.ID <= last || d.ID == rocketchat.NoDepartment || d.Agents < -1 || d.Archived && *d.Enabled || !utf8.ValidString(d.ID+d.Name) {
				t.Errorf("got department %+v after %q", d, last)
			}
			last = d.ID
		}
		client, _ := connect(t, nil, withPassword, responding(http.StatusOK, "application/json", text))
		_, err = lastDay(t.Context(), client)
		noCredential(t, err)
	})
}

func FuzzErrorBody(f *testing.F) {
	for _, status := range []int{200, 302, 400, 401, 403, 404, 429, 500} {
		f.Add(status, "application/json", `{"error":"`+rocketchattest.AuthToken+`","errorType":"invalid-params"}`)
		f.Add(status, "text/html", rocketchattest.AuthToken)
	}
	f.Fuzz(func(t *testing.T, status int, contentType, text string) {
		client, _ := connect(t, nil, responding(status, contentType, text))
		_, err := lastDay(t.Context(), client)
		noCredential(t, err)
		if status != http.StatusOK && err == nil {
			t.Errorf("accepted status %d", status)
		}
	})
}
