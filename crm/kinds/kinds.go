// Package kinds lists every kind of record the house knows. Kinds name one another, so they are only whole together.
package kinds

import (
	"slices"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/crm/record"
	"catchment/crm/sales"
	"catchment/crm/service"
	"catchment/crm/work"
)

// All returns every kind, in the order people meet them.
func All() []*record.Kind {
	return slices.Concat(customer.Kinds(), sales.Kinds(), service.Kinds(), work.Kinds())
}

// Records returns the records of an organisation, of every kind.
func Records(store *crm.Store) *record.Records { return record.New(store, All()...) }
