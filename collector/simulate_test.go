//go:build simulate

package collector_test

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

func TestSimulateOutages(t *testing.T) {
	runCases(t, profiles, func(t *testing.T, profile rocketchattest.Profile) { checkWithOutages(t, profile, 2*time.Hour) })
}

func TestSimulateDocumentedCallsAndAges(t *testing.T) { checkDocumented(t, documentedLoads()) }

func TestSimulateBudget(t *testing.T) {
	loads := []load{
		{1, time.Second, 1, 0, false, time.Hour},
		{10, time.Second, 1, 500 * time.Millisecond, false, time.Hour},
		{25, time.Second, 3, 3 * time.Second, true, 10 * time.Minute},
		{12, 15 * time.Second, 3, 20 * time.Second, false, 3 * time.Hour},
		{40, time.Minute, 3, 29 * time.Second, true, 6 * time.Hour},
		{40, time.Minute, 1, 0, false, 6 * time.Hour},
		{11, 59 * time.Second, 1, time.Second, true, 6 * time.Hour},
	}
	random := rand.New(rand.NewPCG(3, 1))
	for range 8 {
		loads = append(loads, load{
			1 + random.IntN(40), time.Duration(10+random.IntN(51)) * time.Second, 1 + 2*random.IntN(2),
			time.Duration(random.Int64N(int64(29 * time.Second))), random.IntN(3) > 0, 2 * time.Hour,
		})
	}
	for _, l := range loads {
		t.Run(l.String(), func(t *testing.T) { synctest.Test(t, l.check) })
	}
}
