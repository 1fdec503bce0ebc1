//go:build race

package road

// underRace tells that the race detector slows everything down some ten times: the larger real extracts are then
// left to the run without it, for what they test shares no memory.
const underRace = true
