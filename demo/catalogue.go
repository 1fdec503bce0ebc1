package demo

import (
	"context"

	"github.com/jackc/pgx/v5"

	"catchment/crm/record"
)

// product is something the company sells. Prices are minor units of the company's currency.
type product struct {
	code, name, group, kind string
	price                   int64
	unit                    string
	warranty                int64  // months
	minutes                 int64  // of yearly service; zero for what needs none
	skill                   string // of who serves it
	mark                    string // beginning of its serial numbers
	faults                  float64
}

// groups of products, the first without one above it.
var groups = []struct{ name, above string }{
	{"Heating", ""}, {"Energy", ""}, {"Water and air", ""}, {"Parts and services", ""},
	{"Heat pumps", "Heating"}, {"Gas and oil", "Heating"}, {"Solar", "Energy"}, {"Charging", "Energy"}, {"Ventilation", "Water and air"},
	{"Cooling", "Water and air"}, {"Water treatment", "Water and air"}, {"Accessories", "Parts and services"}, {"Consumables", "Parts and services"},
	{"Services", "Parts and services"},
}

// products the company sells. faults is how often a model fails compared with the usual.
var products = []product{
	{"HP-8", "Aeron 8 heat pump", "Heat pumps", "goods", 1490000, "piece", 60, 90, "heat_pump", "AE8", 1},
	{"HP-12", "Aeron 12 heat pump", "Heat pumps", "goods", 1840000, "piece", 60, 90, "heat_pump", "AE12", 0.9},
	{"HP-30", "Aeron 30 heat pump cascade", "Heat pumps", "goods", 4600000, "piece", 60, 120, "heat_pump", "AE30", 1.1},
	{"GB-24", "Calor 24 gas boiler", "Gas and oil", "goods", 590000, "piece", 24, 60, "gas", "CA24", 0.9},
	{"GB-90", "Calor 90 gas boiler", "Gas and oil", "goods", 1420000, "piece", 24, 90, "gas", "CA90", 1},
	{"OB-25", "Flamma 25 oil boiler", "Gas and oil", "goods", 680000, "piece", 24, 75, "oil", "FL25", 1.5},
	{"PV-6", "Solis 6 solar roof", "Solar", "goods", 1180000, "piece", 120, 45, "electrical", "SO6", 0.3},
	{"PV-30", "Solis 30 solar roof", "Solar", "goods", 3900000, "piece", 120, 90, "electrical", "SO30", 0.4},
	{"BAT-10", "Accu 10 battery", "Solar", "goods", 790000, "piece", 120, 0, "electrical", "AC10", 0.5},
	{"WB-11", "Wallbox 11", "Charging", "goods", 149000, "piece", 24, 0, "electrical", "WB11", 0.5},
	{"VENT-300", "Ventus 300 ventilation", "Ventilation", "goods", 640000, "piece", 36, 45, "ventilation", "VE3", 0.6},
	{"VENT-2000", "Ventus 2000 ventilation", "Ventilation", "goods", 2100000, "piece", 36, 90, "ventilation", "VE20", 0.7},
	{"AC-5", "Frigo 5 cooling unit", "Cooling", "goods", 390000, "piece", 24, 45, "cooling", "FR5", 1},
	{"AC-40", "Frigo 40 chiller", "Cooling", "goods", 2750000, "piece", 24, 90, "cooling", "FR40", 1.2},
	{"WS-20", "Aqua 20 softener", "Water treatment", "goods", 245000, "piece", 36, 30, "", "AQ20", 0.5},
	{"BUF-500", "Buffer tank 500 l", "Accessories", "goods", 165000, "piece", 60, 0, "", "", 0},
	{"THERM", "Room thermostats, set", "Accessories", "goods", 42000, "set", 24, 0, "", "", 0},
	{"FLUE", "Flue pipe, set", "Accessories", "goods", 78000, "set", 24, 0, "", "", 0},
	{"METER", "Heat meter", "Accessories", "goods", 31000, "piece", 24, 0, "", "", 0},
	{"FILT-V", "Filter set, ventilation", "Consumables", "part", 8600, "set", 0, 0, "", "", 0},
	{"SEAL", "Seal kit", "Consumables", "part", 2200, "set", 0, 0, "", "", 0},
	{"SALT", "Softener salt 25 kg", "Consumables", "goods", 1900, "bag", 0, 0, "", "", 0},
	{"FILT-W", "Water filter cartridge", "Consumables", "part", 3400, "piece", 0, 0, "", "", 0},
	{"NOZZLE", "Burner nozzle", "Consumables", "part", 4800, "piece", 0, 0, "", "", 0},
	{"GLYCOL", "Brine fluid 20 l", "Consumables", "goods", 9500, "can", 0, 0, "", "", 0},
	{"COOLANT", "Coolant refill", "Consumables", "part", 12800, "piece", 0, 0, "", "", 0},
	{"SRV-INST", "Installation", "Services", "service", 96000, "day", 0, 0, "", "", 0},
	{"SRV-MAINT", "Yearly service", "Services", "contract", 24000, "year", 0, 0, "", "", 0},
	{"SRV-REP", "Repair", "Services", "service", 11800, "hour", 0, 0, "", "", 0},
}

// productNo is the number of a product by its code.
var productNo = func() map[string]int {
	out := map[string]int{}
	for i, p := range products {
		out[p.code] = i
	}
	return out
}()

func (m *maker) productID(code string) string { return m.id("product", productNo[code]).String() }

// catalogue adds product groups and products, three years before the company's present, unless they are there.
func (m *maker) catalogue(ctx context.Context) error {
	since := moment(m.now.AddDate(-3, 0, 0))
	groupNo := map[string]int{}
	var above, below, list []record.Life
	for i, g := range groups {
		groupNo[g.name] = i
		v := record.Values{"id": m.id("group", i).String(), "name": g.name, "created_at": since}
		if g.above == "" {
			above = append(above, record.Life{Values: v})
			continue
		}
		v["parent_id"] = m.id("group", groupNo[g.above]).String()
		below = append(below, record.Life{Values: v})
	}
	for i, p := range products {
		v := record.Values{"id": m.id("product", i).String(), "code": p.code, "name": p.name, "group_id": m.id("group", groupNo[p.group]).String(), "kind": p.kind,
			"price": p.price, "currency": m.country.currency, "unit": p.unit, "created_at": since}
		if p.minutes > 0 {
			v["service_minutes"] = p.minutes
		}
		if p.warranty > 0 {
			v["warranty_months"] = p.warranty
		}
		list = append(list, record.Life{Values: v})
	}
	return m.Store.WriteRetry(ctx, func(tx pgx.Tx) error {
		var there bool
		if err := tx.QueryRow(ctx, `select exists (select from sales.product where id = $1)`, m.id("product", 0)).Scan(&there); err != nil || there {
			return err
		}
		if err := m.records.TellIn(ctx, tx, "product_group", above); err != nil {
			return err
		}
		if err := m.records.TellIn(ctx, tx, "product_group", below); err != nil {
			return err
		}
		return m.records.TellIn(ctx, tx, "product", list)
	})
}

// line is one line of an order to be.
type line struct {
	code     string
	quantity float64
}

// total is what lines cost, with a discount in percent on each.
func total(lines []line, discount float64) int64 {
	var sum int64
	for _, l := range lines {
		sum += lineAmount(l, discount)
	}
	return sum
}

func lineAmount(l line, discount float64) int64 {
	return int64(float64(products[productNo[l.code]].price)*l.quantity*(1-discount/100) + 0.5)
}
