package crm

import "slices"

// Right is one thing a person may do.
type Right string

// Rights. A role is a set of them.
const (
	AccountRead       Right = "account.read" // accounts, sites, contacts
	AccountWrite      Right = "account.write"
	LeadRead          Right = "lead.read"
	LeadWrite         Right = "lead.write"
	DealRead          Right = "deal.read"
	DealWrite         Right = "deal.write"
	ProductRead       Right = "product.read"
	ProductWrite      Right = "product.write"
	OrderRead         Right = "order.read"
	OrderWrite        Right = "order.write"
	CaseRead          Right = "case.read"
	CaseWrite         Right = "case.write"
	InstallationRead  Right = "installation.read"
	InstallationWrite Right = "installation.write"
	ContractRead      Right = "contract.read"
	ContractWrite     Right = "contract.write"
	ActivityRead      Right = "activity.read" // what was said and done with customers, notes and files too
	ActivityWrite     Right = "activity.write"
	BulkWrite         Right = "bulk.write"  // change many records at once
	MergeWrite        Right = "merge.write" // join duplicates
	ImportRun         Right = "import.run"
	ExportRun         Right = "export.run"
	FieldWrite        Right = "field.write" // fields of one's own
	WebhookWrite      Right = "webhook.write"
	VisitRead         Right = "visit.read"
	VisitWrite        Right = "visit.write" // add, change, assign, cancel
	VisitWork         Right = "visit.work"  // travel, arrive, complete: what happens on the road
	PlanRead          Right = "plan.read"
	PlanRun           Right = "plan.run"
	PlanPublish       Right = "plan.publish"
	ResourceRead      Right = "resource.read"
	ResourceWrite     Right = "resource.write"
	TerritoryRead     Right = "territory.read"
	TerritoryWrite    Right = "territory.write" // draft, fill and put in force who looks after which part of the land
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
	self := []Right{SignedIn, TokenOwn}
	read := []Right{AccountRead, LeadRead, DealRead, ProductRead, OrderRead, CaseRead, InstallationRead, ContractRead, ActivityRead,
		VisitRead, ResourceRead, TerritoryRead, StaffRead}
	sell := []Right{AccountWrite, LeadWrite, DealWrite, OrderWrite, ActivityWrite, ExportRun, BulkWrite}
	serve := []Right{AccountWrite, CaseWrite, InstallationWrite, ActivityWrite, ExportRun, BulkWrite}
	join := func(sets ...[]Right) []Right {
		var out []Right
		for _, r := range slices.Concat(sets...) {
			if !slices.Contains(out, r) {
				out = append(out, r)
			}
		}
		return out
	}
	return []Role{
		{"administrator", "Administrator", ScopeAll, join(self, read, sell, serve, []Right{PlanRead, ContractWrite, ProductWrite, MergeWrite, ImportRun,
			FieldWrite, WebhookWrite, VisitWrite, VisitWork, PlanRun, PlanPublish, ResourceWrite, TerritoryWrite, StaffWrite, OrganisationWrite, AuditRead})},
		{"sales_manager", "Sales manager", ScopeAll, join(self, read, sell, []Right{PlanRead, ContractWrite, ProductWrite, MergeWrite, ImportRun,
			VisitWrite, PlanRun, PlanPublish, TerritoryWrite})},
		{"rep", "Sales rep", ScopeTeams, join(self, read, sell, []Right{PlanRead, VisitWrite, VisitWork})},
		{"dispatcher", "Dispatcher", ScopeAll, join(self, read, serve, []Right{PlanRead, VisitWrite, VisitWork, PlanRun, PlanPublish, ResourceWrite})},
		{"technician", "Technician", ScopeOwn, []Right{SignedIn, AccountRead, ProductRead, CaseRead, CaseWrite, InstallationRead, ContractRead,
			ActivityRead, ActivityWrite, LeadRead, LeadWrite, VisitRead, VisitWork, ResourceRead}},
		{"marketer", "Marketer", ScopeAll, join(self, read, []Right{LeadWrite, ImportRun, ExportRun, BulkWrite})},
		{"service_agent", "Service agent", ScopeAll, join(self, read, serve, []Right{PlanRead, ContractWrite, VisitWrite})},
	}
}
