package road

import (
	"fmt"
	"slices"
	"time"

	"catchment/routing"
)

// Profile says how one way of travelling uses the map: which ways are open to it, how fast they are and what
// turning costs. Speeds are kilometres an hour, times seconds, sizes metres and kilograms.
type Profile struct {
	Name     routing.Profile
	Revision int // raised whenever a table changes, so that stored minutes can be told apart

	// Access lists the tags that open or close a way to this traveller, the most specific first. Modes are
	// those of them that name the traveller itself: in oneway:*, in except and in restriction:*.
	Access []string
	Modes  []string

	// Speeds gives the speed by class of way: the first key that the way carries with a value listed counts.
	Speeds       []TagSpeeds
	DefaultSpeed float64            // of ways without class that an access tag opens
	AnySpeed     float64            // of highways of classes not listed; 0: they are closed
	TopSpeed     float64            // what the vehicle can do; 0: no bound
	RouteSpeeds  map[string]float64 // route=ferry and the like; a duration tag overrules it
	BridgeSpeeds map[string]float64 // bridge=movable

	// The highest speed the state of the way allows.
	Surface, Tracktype, Smoothness map[string]float64

	MaxspeedFactor float64 // share of the legal limit that is really driven; 0 if limits do not apply
	Oneway         Oneway

	Opens, Closes, Restricts Set // values of the access tags
	RestrictedOn             Set // highway classes on which Restricts means "residents only" instead of closed
	Passable                 Set // barrier values that do not stop this traveller
	ClosedService            Set // service values that are never used
	Avoid                    Set // of area, reversible, impassable, hov_lanes, steps, construction, proposed
	ServiceRate              map[string]float64
	SideRoadRate             float64 // 0: side roads are like others

	Vehicle Size

	TurnSeconds       float64 // the dearest turn at a crossing; 0 if turning costs nothing
	TurnBias          float64 // how much dearer a turn across the oncoming traffic is
	UTurnSeconds      float64
	SignalSeconds     float64
	StopSeconds       float64
	GiveWaySeconds    float64
	ObeysRestrictions bool
	WeightIsTime      bool // minimise the time alone

	wall time.Time // when conditional rules are judged; zero: they are left out
}

// TagSpeeds gives a speed for each value of one key.
type TagSpeeds struct {
	Key string
	Of  map[string]float64
}

// Size is what a vehicle must have room for. Zero means that it does not matter.
type Size struct {
	Height, Width, Length float64 // metres
	Weight                float64 // kilograms
}

// Oneway says which oneway tags bind a traveller.
type Oneway int

// Kinds of oneway handling.
const (
	OnewayAll  Oneway = iota // oneway, oneway:MODE, and implied ones of motorways and roundabouts
	OnewayOwn                // only oneway:MODE, as for people on foot
	OnewayTags               // oneway and oneway:MODE, nothing implied
)

// Set is a set of tag values.
type Set map[string]bool

func set(values ...string) Set {
	s := make(Set, len(values))
	for _, v := range values {
		s[v] = true
	}
	return s
}

// Profiles returns every profile of the house, sorted by name.
func Profiles() []*Profile {
	return []*Profile{BikeProfile(), Car(), Foot(), TestbotProfile(), VanProfile()}
}

// ProfileNamed returns the profile of a name.
func ProfileNamed(name routing.Profile) (*Profile, error) {
	all := Profiles()
	if i := slices.IndexFunc(all, func(p *Profile) bool { return p.Name == name }); i >= 0 {
		return all[i], nil
	}
	names := make([]string, len(all))
	for i, p := range all {
		names[i] = string(p.Name)
	}
	return nil, fmt.Errorf("no profile %q; there are %q", name, names)
}

// metric names profile and speeds, as in routing.Version.
func (p *Profile) metric() string { return fmt.Sprintf("%s/%d", p.Name, p.Revision) }
