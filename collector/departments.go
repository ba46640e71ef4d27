package collector

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"livechat_exporter/internal/rocketchat"
)

// departmentsRefresh is the least time between two good answers of the department
// list, which changes seldom.
const departmentsRefresh = 5 * time.Minute

// departmentsOf returns the resource of the department list.
func departmentsOf(api API) *resource {
	return &resource{
		name: departmentsResource, route: rocketchat.DepartmentRoute, memory: newMemory(1),
		window: Window{refresh: departmentsRefresh},
		fetch: func(ctx context.Context, _ time.Time, questions []*rocketchat.Question) (answer, error) {
			got, err := api.DepartmentList(ctx, questions[0])
			if err != nil {
				return answer{}, err //nolint:wrapcheck // It names the route.
			}
			list := answer{complete: got.Complete, list: got.Departments}
			for _, d := range got.Departments {
				if !utf8.ValidString(d.ID) || !utf8.ValidString(d.Name) {
					return answer{}, fmt.Errorf("department %q: %w", d.ID, errNoLabel)
				}
				if !d.Archived {
					list.active = append(list.active, d.ID)
				}
			}
			return list, nil
		},
	}
}
