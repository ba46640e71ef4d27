package rocketchat

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

// The answer that the public documentation of the API shows.
func TestTheDocumentedAnswerIsDecodedNumberByNumber(t *testing.T) {
	recorded, err := os.ReadFile("testdata/abandoned-chats.json")
	if err != nil {
		t.Fatal(err)
	}
	got := collect(t, bytes.NewReader(recorded))
	want := map[string]int64{
		"4LCeYmCHHnQ3EDBgf": 3, "8MGLTfaKLCbE9CqR8": 1, "Yi87Ju7eTHiZQ7CJt": 1, "GgYvrkAF63aeQmsh4": 77,
		"sLYp3ry7CRizaP3rJ": 12, "BiqbQav59HD2LzXEY": 12, "CAJioQNAvLnYWTy8i": 6,
	}
	if !maps.Equal(got.numbers, want) || !got.complete {
		t.Errorf("got %v, complete %v; want %v, complete", got.numbers, got.complete, want)
	}
}

type collectedAnswer struct {
	numbers  map[string]int64
	complete bool
}

// collect decodes the text as one page and returns the answer.
func collect(t *testing.T, r io.Reader) collectedAnswer {
	t.Helper()
	p, err := decodePage(r, "abandonedRooms")
	if err != nil {
		t.Fatal(err)
	}
	var c collected[countedRow]
	c.add(p)
	a := counted(c)
	got := collectedAnswer{numbers: make(map[string]int64), complete: a.Complete}
	for _, d := range a.Departments {
		got.numbers[d.ID] = d.Rooms
	}
	return got
}

func TestAPageIsDecoded(t *testing.T) {
	tests := map[string]struct {
		text     string
		want     map[string]int64
		complete bool
	}{
		"empty":               {`{"departments":[],"count":0,"offset":0,"total":0,"success":true}`, map[string]int64{}, true},
		"a null id":           {`{"departments":[{"_id":null,"abandonedRooms":4}],"total":1,"success":true}`, map[string]int64{"none": 4}, true},
		"keys in any order":   {`{"success":true,"total":1,"departments":[{"abandonedRooms":4,"_id":"a"}]}`, map[string]int64{"a": 4}, true},
		"white space":         {" \n{ \"departments\" : [ { \"_id\" : \"a\" , \"abandonedRooms\" : 4 } ] ,\r\n\t\"total\" : 1 , \"success\" : true } \n", map[string]int64{"a": 4}, true},
		"more keys":           {`{"x":{"y":[1,-2.5e3,"z",null,false,{}]},"departments":[{"_id":"a","name":"A","abandonedRooms":4}],"total":1,"success":true}`, map[string]int64{"a": 4}, true},
		"more departments":    {`{"departments":[{"_id":"a","abandonedRooms":4}],"total":2,"success":true}`, map[string]int64{"a": 4}, false},
		"no total":            {`{"departments":[{"_id":"a","abandonedRooms":4}],"success":true}`, map[string]int64{"a": 4}, false},
		"a number like 4.0":   {`{"departments":[{"_id":"a","abandonedRooms":4.0}],"total":1,"success":true}`, map[string]int64{"a": 4}, true},
		"the largest number":  {`{"departments":[{"_id":"a","abandonedRooms":274877906944}],"total":1,"success":true}`, map[string]int64{"a": 1 << 38}, true},
		"escapes":             {`{"departments":[{"_id":"\u0061\n\"\\\/\ud83d\ude00\b\f\r\t","abandonedRooms":4}],"total":1,"success":true}`, map[string]int64{"a\n\"\\/😀\b\f\r\t": 4}, true},
		"a control character": {`{"departments":[{"_id":"a\u0000b","abandonedRooms":4}],"total":1,"success":true}`, map[string]int64{"a\x00b": 4}, true},
		"invalid UTF-8":       {"{\"departments\":[{\"_id\":\"a\xffb\",\"abandonedRooms\":4}],\"total\":1,\"success\":true}", map[string]int64{"a\uFFFDb": 4}, true},
		"half a surrogate":    {`{"departments":[{"_id":"a\ud83db","abandonedRooms":4}],"total":1,"success":true}`, map[string]int64{"a\uFFFDb": 4}, true},
		"different ids that become equal": {
			"{\"departments\":[{\"_id\":\"a\xff\",\"abandonedRooms\":4},{\"_id\":\"a\xfe\",\"abandonedRooms\":3},{\"_id\":\"a\\ud800\",\"abandonedRooms\":2},{\"_id\":\"a\uFFFD\",\"abandonedRooms\":1}],\"total\":4,\"success\":true}",
			map[string]int64{"a\uFFFD": 10},
			true,
		},
		"none in three spellings": {
			`{"departments":[{"_id":null,"abandonedRooms":4},{"_id":"","abandonedRooms":3},{"_id":"none","abandonedRooms":2}],"total":3,"success":true}`,
			map[string]int64{"none": 9},
			true,
		},
		"the longest id": {
			`{"departments":[{"_id":"` + strings.Repeat("x", 256) + `","abandonedRooms":4}],"total":1,"success":true}`,
			map[string]int64{strings.Repeat("x", 256): 4},
			true,
		},
		"a long text beside": {
			`{"text":"` + strings.Repeat("x\\n", 1<<16) + `","departments":[],"total":0,"success":true}`,
			map[string]int64{},
			true,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for _, r := range []io.Reader{
				strings.NewReader(tt.text), iotest.OneByteReader(strings.NewReader(tt.text)), iotest.DataErrReader(strings.NewReader(tt.text)),
			} {
				if got := collect(t, r); !maps.Equal(got.numbers, tt.want) || got.complete != tt.complete {
					t.Errorf("got %v, complete %v; want %v, complete %v", got.numbers, got.complete, tt.want, tt.complete)
				}
			}
		})
	}
}

func TestWhatIsNotTheDocumentedAnswerIsRefused(t *testing.T) {
	row := func(row string) string { return `{"departments":[` + row + `],"total":1,"success":true}` }
	rows := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,{"_id":"%d","abandonedRooms":1}`, i)
		}
		return row(b.String()[1:])
	}
	tests := map[string]struct {
		text string
		want error
	}{
		"blank":                         {"", errBlank},
		"white space":                   {" \n", errTruncated},
		"a word":                        {"Unauthorized", errNotAnObject},
		"a list":                        {"[]", errNotAnObject},
		"a string":                      {`"x"`, errNotAnObject},
		"null":                          {"null", errNotAnObject},
		"cut short in the beginning":    {"{", errTruncated},
		"cut short in a key":            {`{"dep`, errTruncated},
		"cut short in an escape":        {`{"\u00`, errTruncated},
		"cut short in a number":         {`{"departments":[{"_id":"a","abandonedRooms":1`, errTruncated},
		"cut short at the end":          {`{"departments":[],"total":0,"success":true`, errTruncated},
		"text after it":                 {`{"departments":[],"total":0,"success":true}{}`, errNotJSON},
		"a comma too many":              {`{"departments":[],}`, errNotJSON},
		"no comma":                      {`{"departments":[] "total":0}`, errNotJSON},
		"no colon":                      {`{"departments"[]}`, errNotJSON},
		"a key without quotes":          {`{departments:[]}`, errNotJSON},
		"a line break in a string":      {"{\"a\nb\":1}", errNotJSON},
		"an unknown escape":             {`{"\x":1}`, errNotJSON},
		"an escape of no digits":        {`{"\u12g4":1}`, errNotJSON},
		"a number with a leading zero":  {`{"a":01}`, errNotJSON},
		"a word as value":               {`{"a":yes}`, errNotJSON},
		"nothing as value":              {`{"a":}`, errNotJSON},
		"a number without end":          {`{"a":1` + strings.Repeat("0", 100) + `}`, errTooBig},
		"success: false":                {`{"departments":[],"total":0,"success":false}`, errNoSuccess},
		"success of another type":       {`{"departments":[],"total":0,"success":"true"}`, errNoSuccess},
		"success: null":                 {`{"departments":[],"total":0,"success":null}`, errNoSuccess},
		"no success":                    {`{"departments":[],"total":0}`, errNoSuccess},
		"no departments":                {`{"total":0,"success":true}`, errNoDepartments},
		"departments: null":             {`{"departments":null,"total":0,"success":true}`, errNoDepartments},
		"departments of another type":   {`{"departments":{},"total":0,"success":true}`, errNoDepartments},
		"departments twice":             {`{"departments":[],"departments":[],"total":0,"success":true}`, errRepeatedKey},
		"total twice":                   {`{"departments":[],"total":0,"total":0,"success":true}`, errRepeatedKey},
		"success twice":                 {`{"departments":[],"total":0,"success":true,"success":true}`, errRepeatedKey},
		"total of another type":         {`{"departments":[],"total":"0","success":true}`, errNotANumber},
		"total: null":                   {`{"departments":[],"total":null,"success":true}`, errNotANumber},
		"a negative total":              {`{"departments":[],"total":-1,"success":true}`, errNegativeCount},
		"a department of another type":  {row(`"a"`), errBadDepartment},
		"a department without an id":    {row(`{"abandonedRooms":1}`), errBadDepartment},
		"a department without a number": {row(`{"_id":"a"}`), errBadDepartment},
		"an id that is a number":        {row(`{"_id":7,"abandonedRooms":1}`), errBadID},
		"an id that is a list":          {row(`{"_id":[],"abandonedRooms":1}`), errBadID},
		"an id that is nul":             {row(`{"_id":nul,"abandonedRooms":1}`), errNotJSON},
		"an id twice in a department":   {row(`{"_id":"a","_id":"b","abandonedRooms":1}`), errRepeatedKey},
		"a number twice":                {row(`{"_id":"a","abandonedRooms":1,"abandonedRooms":1}`), errRepeatedKey},
		"an id twice on the page":       {row(`{"_id":"a","abandonedRooms":1},{"_id":"\u0061","abandonedRooms":1}`), errRepeatedID},
		"two without a department":      {row(`{"_id":null,"abandonedRooms":1},{"_id":null,"abandonedRooms":1}`), errRepeatedID},
		"an id too long":                {row(`{"_id":"` + strings.Repeat("x", 257) + `","abandonedRooms":1}`), errLongID},
		"an id without end":             {row(`{"_id":"` + strings.Repeat("x", 1<<20) + `","abandonedRooms":1}`), errTooBig},
		"a number that is a string":     {row(`{"_id":"a","abandonedRooms":"1"}`), errNotANumber},
		"a number that is null":         {row(`{"_id":"a","abandonedRooms":null}`), errNotANumber},
		"a number that is true":         {row(`{"_id":"a","abandonedRooms":true}`), errNotANumber},
		"a negative number":             {row(`{"_id":"a","abandonedRooms":-1}`), errNegativeCount},
		"a fraction":                    {row(`{"_id":"a","abandonedRooms":1.5}`), errNotWhole},
		"a number too large":            {row(`{"_id":"a","abandonedRooms":274877906945}`), errHugeCount},
		"a number beyond any":           {row(`{"_id":"a","abandonedRooms":99999999999999999999}`), errHugeCount},
		"a number below any":            {row(`{"_id":"a","abandonedRooms":-99999999999999999999}`), errNegativeCount},
		"a number with an exponent":     {row(`{"_id":"a","abandonedRooms":1e3}`), errNotWhole},
		"a number just below 5":         {row(`{"_id":"a","abandonedRooms":4.9999999999999999999}`), errNotWhole},
		"a number just above 0":         {row(`{"_id":"a","abandonedRooms":1e-400}`), errNotWhole},
		"success false, then true":      {`{"departments":[],"total":0,"success":false,"success":true}`, errRepeatedKey},
		"20,001 departments":            {rows(20_001), errManyDepartments},
		"200,000 brackets":              {`{"x":` + strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000) + `}`, errTooDeep},
		"200,000 braces":                {`{"x":` + strings.Repeat(`{"x":`, 200_000), errTooDeep},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := decodePage(strings.NewReader(tt.text), "abandonedRooms")
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestAPageOfThisManyDepartmentsIsDecoded(t *testing.T) {
	var b strings.Builder
	for i := range maxDepartments {
		fmt.Fprintf(&b, `,{"_id":"%d","abandonedRooms":1}`, i)
	}
	got := collect(t, strings.NewReader(`{"departments":[`+b.String()[1:]+`],"total":20000,"success":true}`))
	if len(got.numbers) != maxDepartments || !got.complete {
		t.Errorf("got %d departments, complete %v", len(got.numbers), got.complete)
	}
}

func TestAReadErrorIsNotTakenForTheEnd(t *testing.T) {
	cause := errors.New("connection reset")
	_, err := decodePage(iotest.ErrReader(cause), "abandonedRooms")
	if !errors.Is(err, cause) {
		t.Errorf("got %v, want it to wrap %v", err, cause)
	}
}

func TestLaterPagesReplaceRowsAndMergeIntoOneAnswer(t *testing.T) {
	var c collected[countedRow]
	c.add(page[countedRow]{rows: []countedRow{{departmentID{sent: "a"}, 1}, {departmentID{sent: "b"}, 2}}, total: 3})
	if c.missing() != 1 || counted(c).Complete {
		t.Errorf("missing %d, want 1", c.missing())
	}
	c.add(page[countedRow]{rows: []countedRow{{departmentID{sent: "b"}, 5}, {departmentID{null: true}, 4}}, total: 3})
	got := make(map[string]int64)
	for _, d := range counted(c).Departments {
		got[d.ID] = d.Rooms
	}
	if want := map[string]int64{"a": 1, "b": 5, "none": 4}; !maps.Equal(got, want) || !counted(c).Complete {
		t.Errorf("got %v, want %v", got, want)
	}
}

// What is accepted is JSON, and means what encoding/json says that it means.
func FuzzDecodePage(f *testing.F) {
	recorded, err := os.ReadFile("testdata/abandoned-chats.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(recorded)
	for _, text := range []string{
		"", "{}", `{"departments":[{"_id":null,"abandonedRooms":1}],"total":1,"success":true,"x":[{},-1e-5]}`,
		`{"departments":[{"_id":"\ud83d\ude00\ud800","abandonedRooms":1}],"success":true}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := decodePage(strings.NewReader(string(text)), "abandonedRooms")
		if err != nil {
			return
		}
		var c collected[countedRow]
		c.add(p)
		answer := counted(c)
		seen := make(map[string]bool)
		for _, d := range answer.Departments {
			if seen[d.ID] || d.ID == "" || d.Rooms < 0 || !utf8.ValidString(d.ID) {
				t.Errorf("department %q of %d rooms, met before: %v", d.ID, d.Rooms, seen[d.ID])
			}
			seen[d.ID] = true
		}
		if !json.Valid(text) {
			t.Errorf("accepted %q, which is not JSON", text)
		}
		var want map[string]any // A struct would also take keys of another case.
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		departments, _ := want["departments"].([]any)
		if len(departments) != len(p.rows) {
			t.Fatalf("got %d rows, want %d", len(p.rows), len(departments))
		}
		numbers := make(map[string]int64, len(p.rows)) // By id as encoding/json has it.
		for _, r := range p.rows {
			if !r.id.null {
				numbers[strings.ToValidUTF8(r.id.sent, "\uFFFD")] = r.count
			}
		}
		for i, element := range departments {
			d, _ := element.(map[string]any)
			number, _ := d["abandonedRooms"].(float64)
			id, isString := d["_id"].(string)
			switch got, known := numbers[id]; {
			case !isString:
				if !p.rows[0].id.null || float64(p.rows[0].count) != number {
					t.Errorf("row %d: got %+v, want %v of none", i, p.rows[0], number)
				}
			case utf8.Valid(text) && !strings.ContainsRune(id, utf8.RuneError) && (!known || float64(got) != number):
				t.Errorf("row %d, %q: got %d, known %v, want %v", i, id, got, known, number)
			}
		}
	})
}
