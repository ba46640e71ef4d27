//go:build simulate

package window_test

import "testing"

func TestSimulateClockChangesInAllZones(t *testing.T) {
	for _, name := range []string{
		"UTC", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "America/St_Johns", "America/Havana", "Africa/Cairo", "Asia/Beirut",
		"America/Asuncion", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Kwajalein", "Antarctica/Troll", "Africa/Casablanca",
		"Europe/Dublin", "Asia/Gaza", "Asia/Pyongyang", "America/Scoresbysund",
	} {
		checkClockChanges(t, name)
	}
}
