// The shapes of the HTTP contract, as the server's OpenAPI document tells them. Instants are RFC 3339 in UTC, dates are
// YYYY-MM-DD, points are [longitude, latitude], durations are seconds, lengths are metres.

export type Instant = string;
export type Day = string;
export type Point = [number, number];

export interface Page<T> { items: T[]; next?: string }

export interface Me {
  id: string; name: string; email: string; initials: string; colour: number; role: string; role_title: string;
  rights: string[]; scope: string; language: string; theme?: string; resource_id?: string | null;
  organisation: { name: string; zone: string; currency: string; language: string };
  map: { bounds: [number, number, number, number]; centre: Point; attribution: string; source: 'town' | 'osm'; name: string };
  day: Day; version: number;
}

export interface Place { label: string; point: Point }
export interface Shift { id: string; start: Instant; end: Instant; breaks?: { start: Instant; end: Instant; seconds: number }[] | null }
export interface Resource {
  id: string; name: string; initials: string; colour: number; kind: 'technician' | 'rep' | 'crew'; staff_id?: string | null; team_id?: string | null;
  profile: string; skills?: string[] | null; base: Place; shifts?: Shift[] | null; absent: boolean; version: number;
}

export type Stage = 'lead' | 'prospect' | 'customer' | 'at_risk' | 'lost' | 'won_back';
export interface Account {
  id: string; number: string; name: string; kind: 'company' | 'household'; stage: Stage; class?: string | null; owner_id?: string | null; team_id?: string | null;
  phone?: string | null; email?: string | null; sites_count: number; version: number; created_at: Instant; updated_at: Instant;
}
export interface Site {
  id: string; no: number; account_id: string; name?: string | null; label?: string | null; street?: string | null; house_number?: string | null; postcode?: string | null; city?: string | null;
  country?: string | null; point: Point; access_note?: string | null; contact_name?: string | null; contact_phone?: string | null;
  source: 'person' | 'geocoder' | 'import' | 'synthetic'; confidence?: number | null; version: number;
  /** What the address search found when it set the point, best first; needs_decision says that it was not sure. */
  candidates: Address[] | null; needs_decision: boolean;
  /** In the answer to a change: the address is new, and the point a person had set stayed. */
  point_kept?: boolean;
}
export interface Address { label: string; street?: string; house_number?: string; postcode?: string; city?: string; country?: string; point: Point; confidence: number; kind?: string; tie?: boolean }

export interface TimelineEvent {
  seq: number; at: Instant; actor?: { id: string; name: string } | null; verb: string; entity_kind: string; entity_id: string;
  changes?: Record<string, [unknown, unknown]> | null; at_place?: Point | null;
}

export type VisitState = 'proposed' | 'planned' | 'promised' | 'dispatched' | 'travelling' | 'on_site' | 'done' | 'failed' | 'no_access' | 'cancelled';
export type VisitKind = 'service' | 'sales' | 'campaign';
export interface Span { start: Instant; end: Instant }
export interface Visit {
  id: string; number: string; kind: VisitKind; state: VisitState; started?: boolean; title: string; note?: string | null; priority: number; duration_seconds: number;
  skills?: string[] | null; windows?: Span[] | null; earliest?: Day | null; latest?: Day | null;
  account: { id: string; name: string };
  site: { id: string; label: string; point: Point; access_note?: string | null; contact_name?: string | null; contact_phone?: string | null };
  resource_id?: string | null; start?: Instant | null; end?: Instant | null; arrive?: Instant | null; travel_seconds?: number | null; travel_meters?: number | null;
  promise?: Span | null; pinned: boolean; outcome?: { kind: string; note?: string | null; at: Instant } | null; version: number;
}

export interface Stop {
  kind: 'start' | 'visit' | 'break' | 'end'; visit_id?: string | null; visit?: Visit | null; sequence?: number;
  arrive: Instant; start: Instant; leave: Instant; leg_seconds: number; leg_meters: number;
}
/** A row of the board; without an id nothing is published for it. */
export interface Route {
  id: string | null; resource_id: string; state: 'planned' | 'published' | 'started' | 'closed'; version?: number; stops?: Stop[] | null;
  travel_seconds: number; travel_meters: number; work_seconds: number; late_seconds: number;
}

export type Rule = 'room' | 'window' | 'shift' | 'skills' | 'capacity' | 'unreachable' | 'pin' | 'not_due' | 'max_tasks' | 'max_travel_time' | 'max_distance' | 'max_route_duration';
/** One rule that keeps a visit from some people; reasons come from the closest miss to the farthest. */
export interface Reason { rule: Rule; people: number; by_seconds?: number; skills?: string[] | null; resource_id?: string | null }
export interface Unassigned { visit_id: string; reasons?: Reason[] | null }
export type PlanState = 'queued' | 'running' | 'ready' | 'accepted' | 'published' | 'discarded' | 'failed';
/** done is the share of the search done, 0 to 1. */
export interface PlanProgress { step: 'waiting' | 'roads' | 'search' | 'shapes' | 'done'; done: number; cost: number; unassigned: number; elapsed_seconds: number }
export interface Plan {
  id: string; date: Day; days: number; state: PlanState; seed: number; progress?: PlanProgress | null;
  summary?: { visits: number; served: number; unserved: number; travel_seconds: number; travel_meters: number; work_seconds: number; waiting_seconds: number; overtime_seconds: number } | null;
  routes?: { resource_id: string; date: Day; stops?: Stop[] | null; travel_seconds: number; travel_meters: number }[] | null;
  unassigned?: Unassigned[] | null; changes?: { moved: number; added: number; dropped: number } | null;
  travel_version?: string; created_by?: string; created_at: Instant; error?: string | null;
}

export interface Board { date: Day; zone: string; resources: Resource[]; routes?: Route[] | null; visits?: Visit[] | null; plan?: Plan | null; version?: number | string }

export interface Today {
  date: Day; zone: string; resource: Resource | null;
  route?: { id: string; state: string; version: number; published_at: Instant; start: Instant; end: Instant; travel_seconds: number; travel_meters: number } | null;
  stops?: Stop[] | null; base?: Place | null; shape?: { type: 'LineString'; coordinates: Point[] } | null;
}

export type CommandKind =
  | 'add_visit' | 'change_visit' | 'assign' | 'unassign' | 'pin' | 'unpin' | 'promise' | 'cancel' | 'undo'
  | 'acknowledge' | 'start_travel' | 'arrive' | 'start' | 'complete' | 'cannot_complete' | 'no_access' | 'add_note';
export interface Command { id: string; seq: number; kind: CommandKind; visit_id: string; base_version: number; device_time: Instant; tz: string; payload: Record<string, unknown> }
export interface Verdict { id: string; verdict: 'applied' | 'duplicate' | 'gap' | 'conflict' | 'refused'; reason?: string | null; message?: string | null; visit?: Visit | null }

export interface Staff { id: string; name: string; email: string; role: string; role_title?: string; team_ids?: string[] | null; language?: string; active?: boolean; initials?: string; colour?: number; version: number }
export interface Team { id: string; name: string }
export interface Skill { code: string; title?: string; name?: string }
