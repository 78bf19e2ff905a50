//go:build !unix

package bench

import "time"

// cpuTime is not known on this system: figures of CPU are 0.
func cpuTime() time.Duration { return 0 }

// peakMemory is not known on this system.
func peakMemory() float64 { return 0 }
