package crm

import "slices"

// Right is one thing a person may do.
type Right string

// Rights. A role is a set of them.
const (
	AccountRead       Right = "account.read"
	AccountWrite      Right = "account.write"
	VisitRead         Right = "visit.read"
	VisitWrite        Right = "visit.write" // add, change, assign, cancel
	VisitWork         Right = "visit.work"  // travel, arrive, complete: what happens on the road
	PlanRead          Right = "plan.read"
	PlanRun           Right = "plan.run"
	PlanPublish       Right = "plan.publish"
	ResourceRead      Right = "resource.read"
	ResourceWrite     Right = "resource.write"
	StaffRead         Right = "staff.read"
	StaffWrite        Right = "staff.write"
	OrganisationWrite Right = "organisation.write"
	AuditRead         Right = "audit.read"
	TokenOwn          Right = "token.own" // make API tokens for oneself
	SignedIn          Right = "signed_in" // whatever every signed-in person may do
)

// Scope tells whose records a role sees.
type Scope string

// Scopes, from wide to narrow. ScopeTeams sees the records of the actor's teams and his own; ScopeOwn only
// what he owns, is sent to, or was given a share in.
const (
	ScopeAll   Scope = "all"
	ScopeTeams Scope = "teams"
	ScopeOwn   Scope = "own"
)

// Role is a named set of rights with a scope.
type Role struct {
	Code   string
	Title  string
	Scope  Scope
	Rights []Right
}

// Roles returns the roles every organisation starts with.
func Roles() []Role {
	read := []Right{SignedIn, TokenOwn, AccountRead, VisitRead, ResourceRead, PlanRead, StaffRead}
	with := func(more ...Right) []Right { return slices.Concat(read, more) }
	return []Role{
		{"administrator", "Administrator", ScopeAll, with(AccountWrite, VisitWrite, VisitWork, PlanRun, PlanPublish,
			ResourceWrite, StaffWrite, OrganisationWrite, AuditRead)},
		{"sales_manager", "Sales manager", ScopeAll, with(AccountWrite, VisitWrite, PlanRun, PlanPublish)},
		{"rep", "Sales rep", ScopeTeams, with(AccountWrite, VisitWrite, VisitWork)},
		{"dispatcher", "Dispatcher", ScopeAll, with(AccountWrite, VisitWrite, VisitWork, PlanRun, PlanPublish, ResourceWrite)},
		{"technician", "Technician", ScopeOwn, []Right{SignedIn, AccountRead, VisitRead, VisitWork, ResourceRead}},
		{"marketer", "Marketer", ScopeAll, []Right{SignedIn, TokenOwn, AccountRead, VisitRead, ResourceRead, StaffRead}},
		{"service_agent", "Service agent", ScopeAll, with(AccountWrite, VisitWrite)},
	}
}
