package road

import "catchment/routing"

// Foot returns the profile of a person on foot: 5 km/h on everything that may be walked, in both directions
// even of one-way streets, and turning costs nothing.
func Foot() *Profile {
	const walk = 5
	speeds := func(values ...string) map[string]float64 {
		m := make(map[string]float64, len(values))
		for _, v := range values {
			m[v] = walk
		}
		return m
	}
	return &Profile{
		Name:     routing.Foot,
		Revision: 1,
		Access:   []string{"foot", "access"},
		Modes:    []string{"foot"},
		Speeds: []TagSpeeds{
			{"highway", speeds("primary", "primary_link", "secondary", "secondary_link", "tertiary",
				"tertiary_link", "unclassified", "residential", "road", "living_street", "service", "track",
				"path", "steps", "pedestrian", "platform", "footway", "pier")},
			{"railway", speeds("platform")},
			{"amenity", speeds("parking", "parking_entrance")},
			{"man_made", speeds("pier")},
			{"leisure", speeds("track")},
		},
		DefaultSpeed: walk,
		RouteSpeeds:  map[string]float64{"ferry": 5},
		Surface: map[string]float64{
			"fine_gravel": walk * 0.75, "gravel": walk * 0.75, "pebblestone": walk * 0.75,
			"mud": walk * 0.5, "sand": walk * 0.5,
		},
		Oneway: OnewayOwn,
		Opens:  set("yes", "foot", "permissive", "designated"),
		Closes: set("no", "agricultural", "forestry", "private", "delivery"),
		Passable: set("cycle_barrier", "bollard", "entrance", "cattle_grid", "border_control", "toll_booth",
			"sally_port", "gate", "lift_gate", "swing_gate", "kissing_gate", "stile", "turnstile", "full-height_turnstile",
			"no", "kerb", "block", "chain", "motorcycle_barrier", "jersey_barrier", "height_restrictor", "log", "arch"),
		Avoid:             set("construction", "proposed", "impassable"),
		UTurnSeconds:      2,
		SignalSeconds:     2,
		ObeysRestrictions: false,
		WeightIsTime:      true,
	}
}
