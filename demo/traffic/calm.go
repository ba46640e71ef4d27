package traffic

import "slices"

// calm is the part of the silent visitors that is left on calm days.
const calm = 0.2

// Calm are the departments with fewer visitors who go silent: so few that the shipped
// alerts hardly fire on a usual day, and a [Spike] stands out.
func Calm(departments []Department) []Department {
	departments = slices.Clone(departments)
	for i := range departments {
		departments[i].silent *= calm
	}
	return departments
}
