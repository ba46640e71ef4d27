package rocketchat

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

// listOf is a list whose only department is the text.
func listOf(department string) string {
	return `{"departments":[` + department + `],"count":1,"offset":0,"total":1,"success":true}`
}

// list decodes the text as one page and returns the list.
func list(t *testing.T, r io.Reader) DepartmentList {
	t.Helper()
	p, err := decodeList(r)
	if err != nil {
		t.Fatal(err)
	}
	var c collected[listedRow]
	c.add(p)
	return listed(c)
}

func TestADepartmentOfTheListIsDecoded(t *testing.T) {
	one := func(d ListedDepartment) []ListedDepartment { return []ListedDepartment{d} }
	for name, tt := range map[string]struct {
		text string
		want []ListedDepartment
	}{
		"a whole document": {
			listOf(`{"_id":"64181a0728384134ed600dcc","enabled":true,"name":"Support","description":"","showOnRegistration":false,` +
				`"chatClosingTags":["a"],"departmentsAllowedToForward":[],"ancestors":null,"type":"d","numAgents":3,"_updatedAt":"2026-03-04T12:00:00.000Z"}`),
			one(ListedDepartment{ID: "64181a0728384134ed600dcc", Name: "Support", Enabled: true, Agents: 3}),
		},
		"no departments":               {`{"departments":[],"count":0,"offset":0,"total":0,"success":true}`, []ListedDepartment{}},
		"nothing but an id":            {listOf(`{"_id":"a"}`), one(ListedDepartment{ID: "a", Agents: -1})},
		"nulls":                        {listOf(`{"_id":"a","name":null,"enabled":null,"archived":null,"numAgents":null}`), one(ListedDepartment{ID: "a", Agents: -1})},
		"not enabled":                  {listOf(`{"_id":"a","enabled":false,"numAgents":0}`), one(ListedDepartment{ID: "a"})},
		"archived":                     {listOf(`{"_id":"a","archived":true,"numAgents":0}`), one(ListedDepartment{ID: "a", Archived: true})},
		"archived and yet enabled":     {listOf(`{"_id":"a","enabled":true,"archived":true,"numAgents":0}`), one(ListedDepartment{ID: "a", Archived: true})},
		"archived once":                {listOf(`{"_id":"a","enabled":true,"archived":false,"numAgents":0}`), one(ListedDepartment{ID: "a", Enabled: true})},
		"agents like 4.0":              {listOf(`{"_id":"a","numAgents":4.0}`), one(ListedDepartment{ID: "a", Agents: 4})},
		"a name of invalid UTF-8":      {listOf("{\"_id\":\"a\",\"name\":\"B\xffC\",\"numAgents\":0}"), one(ListedDepartment{ID: "a", Name: "B\uFFFDC"})},
		"a name with escapes":          {listOf(`{"_id":"a","name":"\u00c4\n\ud83d\ude00\ud800","numAgents":0}`), one(ListedDepartment{ID: "a", Name: "Ä\n😀\uFFFD"})},
		"an id of invalid UTF-8":       {listOf("{\"_id\":\"a\xff\",\"numAgents\":0}"), one(ListedDepartment{ID: "a\uFFFD"})},
		"the longest name":             {listOf(`{"_id":"a","name":"` + strings.Repeat("x", 1024) + `","numAgents":0}`), one(ListedDepartment{ID: "a", Name: strings.Repeat("x", 1024)})},
		"the longest id":               {listOf(`{"_id":"` + strings.Repeat("x", 256) + `","numAgents":0}`), one(ListedDepartment{ID: strings.Repeat("x", 256)})},
		"a long text beside":           {listOf(`{"_id":"a","description":"` + strings.Repeat("x", 1<<20) + `","numAgents":0}`), one(ListedDepartment{ID: "a"})},
		"the id of no department":      {listOf(`{"_id":"none","name":"A department"}`), []ListedDepartment{}},
		"two ids that become the same": {listOf("{\"_id\":\"a\xff\",\"name\":\"second\",\"numAgents\":0},{\"_id\":\"a\xfe\",\"name\":\"first\",\"numAgents\":1}"), one(ListedDepartment{ID: "a\uFFFD", Name: "first", Agents: 1})},
		"ordered by id": {
			listOf(`{"_id":"b","name":"A","numAgents":0},{"_id":"a","name":"B","numAgents":0}`),
			[]ListedDepartment{{ID: "a", Name: "B"}, {ID: "b", Name: "A"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(tt.text), iotest.OneByteReader(strings.NewReader(tt.text))} {
				if got := list(t, r); !reflect.DeepEqual(got.Departments, tt.want) {
					t.Errorf("got %+v, want %+v", got.Departments, tt.want)
				}
			}
		})
	}
}

func TestWhatIsNoListIsRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want error
	}{
		"no list":                        {`{"total":1,"success":true}`, errNoDepartments},
		"no success":                     {`{"departments":[],"total":0}`, errNoSuccess},
		"cut short":                      {`{"departments":[{"_id":"a","name":"A`, errTruncated},
		"cut short before a value":       {`{"departments":[{"_id":`, errTruncated},
		"cut short before a name":        {`{"departments":[{"name":`, errTruncated},
		"cut short before a flag":        {`{"departments":[{"enabled":`, errTruncated},
		"cut short after a flag":         {`{"departments":[{"enabled":true`, errTruncated},
		"cut short before a number":      {`{"departments":[{"numAgents":`, errTruncated},
		"cut short before a department":  {`{"departments":[`, errTruncated},
		"a department of another type":   {listOf(`"a"`), errBadListed},
		"a department without an id":     {listOf(`{"name":"A"}`), errBadListed},
		"an id that is null":             {listOf(`{"_id":null,"name":"A"}`), errNullID},
		"an empty id":                    {listOf(`{"_id":"","name":"A"}`), errNullID},
		"an id that is a number":         {listOf(`{"_id":7}`), errBadID},
		"an id too long":                 {listOf(`{"_id":"` + strings.Repeat("x", 257) + `"}`), errLongID},
		"an id twice":                    {listOf(`{"_id":"a"},{"_id":"a"}`), errRepeatedID},
		"an id twice in a department":    {listOf(`{"_id":"a","_id":"a"}`), errRepeatedKey},
		"a name twice":                   {listOf(`{"_id":"a","name":"a","name":"a"}`), errRepeatedKey},
		"enabled twice":                  {listOf(`{"_id":"a","enabled":true,"enabled":true}`), errRepeatedKey},
		"archived twice":                 {listOf(`{"_id":"a","archived":true,"archived":true}`), errRepeatedKey},
		"agents twice":                   {listOf(`{"_id":"a","numAgents":1,"numAgents":1}`), errRepeatedKey},
		"a name that is a number":        {listOf(`{"_id":"a","name":7}`), errBadName},
		"a name that is an object":       {listOf(`{"_id":"a","name":{}}`), errBadName},
		"a name that is nul":             {listOf(`{"_id":"a","name":nul}`), errNotJSON},
		"a name too long":                {listOf(`{"_id":"a","name":"` + strings.Repeat("x", 1025) + `"}`), errLongName},
		"a name without end":             {listOf(`{"_id":"a","name":"` + strings.Repeat("x", 1<<20) + `"}`), errTooBig},
		"enabled as a string":            {listOf(`{"_id":"a","enabled":"true"}`), errBadFlag},
		"enabled as a number":            {listOf(`{"_id":"a","enabled":1}`), errBadFlag},
		"archived as an object":          {listOf(`{"_id":"a","archived":{}}`), errBadFlag},
		"agents as a string":             {listOf(`{"_id":"a","numAgents":"1"}`), errNotANumber},
		"agents as true":                 {listOf(`{"_id":"a","numAgents":true}`), errNotANumber},
		"fewer agents than none":         {listOf(`{"_id":"a","numAgents":-1}`), errNegativeCount},
		"half an agent":                  {listOf(`{"_id":"a","numAgents":0.5}`), errNotWhole},
		"more agents than there are":     {listOf(`{"_id":"a","numAgents":274877906945}`), errHugeCount},
		"agents that are nul":            {listOf(`{"_id":"a","numAgents":nul}`), errNotJSON},
		"more departments than are read": {manyListed(20_001), errManyDepartments},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := decodeList(strings.NewReader(tt.text)); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

// manyListed is a list of n departments.
func manyListed(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,{"_id":"%d","name":"Department %d","enabled":true,"numAgents":1}`, i, i)
	}
	return listOf(b.String()[1:])
}

func TestAListOfThisManyDepartmentsIsDecoded(t *testing.T) {
	if got := list(t, strings.NewReader(manyListed(maxDepartments))); len(got.Departments) != maxDepartments {
		t.Errorf("got %d departments", len(got.Departments))
	}
}

// What is accepted is JSON, and means what encoding/json says that it means.
func FuzzDecodeList(f *testing.F) {
	for _, text := range []string{
		"", "{}", listOf(`{"_id":"a","name":"A","enabled":true,"archived":false,"numAgents":3,"_updatedAt":"x"}`),
		listOf(`{"_id":"a\ud800","name":null,"numAgents":null,"x":[{},-1e-5]}`),
		listOf("{\"_id\":\"none\"},{\"_id\":\"a\xff\",\"name\":\"\xfe\"},{\"_id\":\"a\xfe\"}"),
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := decodeList(strings.NewReader(string(text)))
		if err != nil {
			return
		}
		var c collected[listedRow]
		c.add(p)
		last := ""
		for _, d := range listed(c).Departments {
			if d.ID <= last || d.ID == NoDepartment || d.Agents < -1 || d.Enabled && d.Archived || !utf8.ValidString(d.ID+d.Name) {
				t.Errorf("department %+v after %q", d, last)
			}
			last = d.ID
		}
		var want map[string]any // A struct would also take keys of another case.
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatalf("accepted %q: %v", text, err)
		}
		departments, _ := want["departments"].([]any)
		if len(departments) != len(p.rows) {
			t.Fatalf("got %d rows, want %d", len(p.rows), len(departments))
		}
		if !utf8.Valid(text) || strings.ContainsRune(fmt.Sprint(departments), utf8.RuneError) {
			return // Their order may be another one: encoding/json replaces what is no UTF-8.
		}
		id := func(element any) string {
			d, _ := element.(map[string]any)
			id, _ := d["_id"].(string)
			return id
		}
		slices.SortFunc(departments, func(a, b any) int { return strings.Compare(id(a), id(b)) })
		for i, element := range departments {
			sameDepartment(t, p.rows[i], element)
		}
	})
}

// sameDepartment fails if the row is not what encoding/json made of it.
func sameDepartment(t *testing.T, r listedRow, element any) {
	t.Helper()
	d, _ := element.(map[string]any)
	for key, got := range map[string]string{"_id": r.id.sent, "name": r.name} {
		if want, _ := d[key].(string); got != want {
			t.Errorf("got %s %q, want %q", key, got, want)
		}
	}
	for key, got := range map[string]bool{"enabled": r.enabled, "archived": r.archived} {
		if want, _ := d[key].(bool); got != want {
			t.Errorf("got %s %v, want %v", key, got, want)
		}
	}
	want, known := d["numAgents"].(float64)
	if !known {
		want = -1
	}
	if float64(r.agents) != want {
		t.Errorf("got %d agents, want %v", r.agents, want)
	}
}
