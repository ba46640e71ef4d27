//go:build simulate

package rocketchat_test

import (
	"testing"
	"time"
)

func TestSimulateTwoDaysWithoutTooManyCalls(t *testing.T) { simulate(t, 48*time.Hour) }
