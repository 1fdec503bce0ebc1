//go:build !race

package road

// underRace tells that the race detector slows everything down.
const underRace = false
