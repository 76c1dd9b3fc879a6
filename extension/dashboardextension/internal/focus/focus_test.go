// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package focus

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"iter"
	"math"
	"math/big"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/thrift/lib/go/thrift"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var hour = time.Date(2026, 11, 5, 14, 0, 0, 0, time.UTC)

// sample are rows of all kinds, with and without prices, costs and names.
func sample() []Row {
	random := rand.New(rand.NewPCG(1, 2))
	var rows []Row
	for i := range 300 {
		totals, tariff := &dashboard.Totals{Calls: int64(1 + i)}, &dashboard.Tariff{Provider: []string{"openai", "bedrock", "acme", ""}[i%4]}
		for _, kind := range usage.Kinds() {
			if random.IntN(3) == 0 {
				totals.Amounts[kind] = random.Int64N(5_000_000)
			}
			if random.IntN(4) > 0 && i%5 > 0 {
				tariff.List[kind] = float64(random.Int64N(1000)) / 1e8
				tariff.Contracted[kind] = tariff.List[kind] * .85
			}
		}
		if i%7 > 0 {
			totals.Dollars = random.Float64() * math.Pow(10, float64(random.IntN(8)-5))
		}
		if i%11 == 0 {
			totals.Amounts = usage.Amounts{}
		}
		row := Row{Start: hour.Add(time.Duration(i) * time.Hour), Provider: tariff.Provider, Model: []string{"gpt-4o", "anthropic.claude-sonnet-4-5-20250929-v1:0", "ours", "=1+1"}[i%4], Usage: totals, Tariff: tariff}
		row.End = row.Start.Add(time.Hour)
		row.Tags = map[string]string{"team": "re\"search", "user.id": "ü,\n"}
		if i%3 == 0 {
			row.Tags, row.Account = map[string]string{}, "acme-1"
		}
		rows = append(rows, row)
	}
	return rows
}

func each(charges []Charge) iter.Seq2[Charge, error] {
	return func(yield func(Charge, error) bool) {
		for _, charge := range charges {
			if !yield(charge, nil) {
				return
			}
		}
	}
}

func chargesOf(rows []Row) (all []Charge) {
	for i := range rows {
		all = append(all, Charges(&rows[i])...)
	}
	return all
}

// The charges of a row add up to its cost to the picodollar, and to its amounts, and there is
// no charge below zero.
func TestChargesAddUp(t *testing.T) {
	rows := sample()
	for i := range rows {
		cost, amounts := new(big.Rat), map[usage.Kind]*big.Rat{}
		charges := Charges(&rows[i])
		require.NotEmpty(t, charges)
		for _, charge := range charges {
			assert.GreaterOrEqual(t, charge.Cost.Sign(), 0)
			cost.Add(cost, charge.Cost)
			amounts[charge.Kind] = charge.Amount
		}
		dollars, _ := cost.Float64()
		assert.InDelta(t, rows[i].Usage.Dollars, dollars, 0.5e-12+rows[i].Usage.Dollars*1e-15)
		assert.True(t, new(big.Rat).Mul(cost, big.NewRat(picoPerDollar, 1)).IsInt())
		for _, kind := range usage.Kinds() {
			if n := rows[i].Usage.Amounts[kind]; n > 0 {
				assert.Zero(t, amounts[kind].Cmp(big.NewRat(n, kind.Scale())), kind)
			}
		}
	}
}

// A cost is divided by the prices of the kinds.
func TestCostIsDividedByPrices(t *testing.T) {
	row := Row{Start: hour, End: hour.Add(time.Hour), Model: "gpt-4o", Usage: &dashboard.Totals{Calls: 1, Dollars: 0.0085}, Tariff: &dashboard.Tariff{Provider: "openai"}}
	row.Usage.Amounts[usage.Input], row.Usage.Amounts[usage.Output] = 2000, 500
	row.Tariff.List[usage.Input], row.Tariff.List[usage.Output] = 2.5e-6, 10e-6
	row.Tariff.Contracted[usage.Input], row.Tariff.Contracted[usage.Output] = 2.125e-6, 8.5e-6
	charges := Charges(&row)
	require.Len(t, charges, 2)
	value := func(c *Charge, id string) string {
		for i := range Columns {
			if Columns[i].ID == id {
				return Columns[i].Value(c)
			}
		}
		return "no column " + id
	}
	for id, want := range map[string]string{
		"EffectiveCost": "0.00425", "ListCost": "0.005", "ListUnitPrice": "2.5", "ContractedUnitPrice": "2.125", "PricingQuantity": "0.002", "ConsumedQuantity": "2000.0",
		"PricingUnit": "1000000 Tokens", "ConsumedUnit": "Tokens", "SkuId": "openai/gpt-4o/input", "SkuMeter": "Input Tokens", "ProviderName": "OpenAI", "PublisherName": "OpenAI",
		"ServiceName": "OpenAI API", "BillingPeriodStart": "2026-11-01T00:00:00Z", "BillingPeriodEnd": "2026-12-01T00:00:00Z", "ChargePeriodEnd": "2026-11-05T15:00:00Z",
	} {
		assert.Equal(t, want, value(&charges[0], id), id)
	}
	assert.Equal(t, "0.00425", value(&charges[1], "BilledCost"))
}

func TestPublishers(t *testing.T) {
	for _, tt := range [][3]string{
		{"bedrock", "anthropic.claude-sonnet-4-5-20250929-v1:0", "Anthropic"},
		{"bedrock", "eu.amazon.nova-lite-v1:0", "Amazon"},
		{"azure", "gpt-4.1", "OpenAI"},
		{"openrouter", "meta-llama/llama-3.3-70b", "Meta"},
		{"together", "Qwen/Qwen3", "Together AI"},
		{"acme", "ours-1.5", "acme"},
		{"", "gemini-2.5-pro", "Google"},
		{"", "", "Unknown"},
	} {
		assert.Equal(t, tt[2], publisherName(tt[0], tt[1]), tt)
	}
}

// rule is a requirement of the specification. The files are those of the folder
// specification/columns and specification/attributes of FOCUS 1.2.
type rule struct {
	source string
	holds  func(row map[string]string) bool
}

func isNull(id string) func(map[string]string) bool {
	return func(row map[string]string) bool { return row[id] == "" }
}

func notNull(id string) func(map[string]string) bool {
	return func(row map[string]string) bool { return row[id] != "" }
}

func oneOf(id string, values ...string) func(map[string]string) bool {
	return func(row map[string]string) bool { return slices.Contains(values, row[id]) }
}

func number(row map[string]string, id string) float64 {
	value, err := strconv.ParseFloat(row[id], 64)
	if err != nil {
		return math.NaN()
	}
	return value
}

func product(price, quantity, cost string) func(map[string]string) bool {
	return func(row map[string]string) bool {
		return math.Abs(number(row, price)*number(row, quantity)-number(row, cost)) <= 1e-12+1e-12*math.Abs(number(row, cost))
	}
}

func at(row map[string]string, id string) time.Time {
	t, _ := time.Parse("2006-01-02T15:04:05Z", row[id])
	return t
}

// mandatory are the columns that must be present, by their "Feature level" of Mandatory.
var mandatory = []string{
	"BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription",
	"ChargePeriodEnd", "ChargePeriodStart", "ContractedCost", "EffectiveCost", "InvoiceIssuerName", "ListCost", "PricingQuantity", "PricingUnit", "ProviderName",
	"PublisherName", "ServiceCategory", "ServiceName",
}

var numeric = regexp.MustCompile(`^-?\d+(\.\d+)?$`)

// rules are those that a program can check of charges of usage.
func rules() []rule {
	all := []rule{
		{"chargecategory.md: one of the allowed values", oneOf("ChargeCategory", "Usage")},
		{"chargeclass.md: null when it is no correction", isNull("ChargeClass")},
		{"chargefrequency.md: one of the allowed values", oneOf("ChargeFrequency", "One-Time", "Recurring", "Usage-Based")},
		{"pricingcategory.md: one of the allowed values, not null for usage", oneOf("PricingCategory", "Standard", "Dynamic", "Committed", "Other")},
		{"servicecategory.md: one of the allowed values", oneOf("ServiceCategory", "AI and Machine Learning")},
		{"servicesubcategory.md: of its parent", oneOf("ServiceSubcategory", "AI Platforms", "Bots", "Generative AI", "Machine Learning", "Natural Language Processing", "Other (AI and Machine Learning)")},
		{"invoiceid.md: null when not associated with an invoice", isNull("InvoiceId")},
		{"billingcurrency.md, currency_format.md: a code of ISO 4217", oneOf("BillingCurrency", "USD")},
		{"pricingcurrency.md", oneOf("PricingCurrency", "USD")},
		{"listunitprice.md: the product with the pricing quantity is the list cost", product("ListUnitPrice", "PricingQuantity", "ListCost")},
		{"contractedunitprice.md: the product with the pricing quantity is the contracted cost", product("ContractedUnitPrice", "PricingQuantity", "ContractedCost")},
		{"listunitprice.md: not negative", func(row map[string]string) bool { return number(row, "ListUnitPrice") >= 0 }},
		{"contractedunitprice.md: not negative", func(row map[string]string) bool { return number(row, "ContractedUnitPrice") >= 0 }},
		{"chargeperiodend.md: exclusive, after the start", func(row map[string]string) bool {
			return at(row, "ChargePeriodStart").Before(at(row, "ChargePeriodEnd"))
		}},
		{"billingperiodend.md: exclusive, after the start", func(row map[string]string) bool {
			return at(row, "BillingPeriodStart").Before(at(row, "BillingPeriodEnd"))
		}},
		{"chargeperiodstart.md: in the billing period", func(row map[string]string) bool {
			return !at(row, "ChargePeriodStart").Before(at(row, "BillingPeriodStart")) && !at(row, "ChargePeriodEnd").After(at(row, "BillingPeriodEnd"))
		}},
		{"unit_format.md: a quantity and a plural unit, or one of a size and days", func(row map[string]string) bool {
			form := regexp.MustCompile(`^(\d+ )?([A-Z][a-z]+s|GB-Days)$`)
			return form.MatchString(row["PricingUnit"]) && form.MatchString(row["ConsumedUnit"])
		}},
		{"skupriceid.md: it may be the SKU's", func(row map[string]string) bool { return row["SkuPriceId"] == row["SkuId"] }},
		{"capacityreservation, commitmentdiscount*.md: null without a commitment", isNull("CommitmentDiscountId")},
		{"subaccountid.md: null when the charge is of no sub account", isNull("SubAccountId")},
		{"resourceid.md: null when the charge is of no resource", isNull("ResourceId")},
		{"regionid.md: null when the service has no region", isNull("RegionId")},
	}
	for _, id := range mandatory {
		if id != "ChargeClass" {
			all = append(all, rule{strings.ToLower(id) + ".md: not null", notNull(id)})
		}
	}
	for _, id := range []string{"ChargeFrequency", "ServiceSubcategory", "SkuId", "SkuMeter", "SkuPriceId", "ListUnitPrice", "ContractedUnitPrice", "ConsumedQuantity", "ConsumedUnit"} {
		all = append(all, rule{strings.ToLower(id) + ".md: not null for usage", notNull(id)})
	}
	for i := range Columns {
		id := Columns[i].ID
		switch Columns[i].Type {
		case Decimal:
			all = append(all, rule{"numeric_format.md: " + id, func(row map[string]string) bool { return numeric.MatchString(row[id]) }})
		case DateTime:
			all = append(all, rule{"datetime_format.md: " + id, func(row map[string]string) bool { return !at(row, id).IsZero() }})
		case JSON:
			all = append(all, rule{"key_value_format.md: " + id, func(row map[string]string) bool {
				var values map[string]any
				if json.Unmarshal([]byte(row[id]), &values) != nil {
					return false
				}
				for key, value := range values {
					if _, text := value.(string); !text || id == "SkuPriceDetails" && !strings.HasPrefix(key, "x_") {
						return false
					}
				}
				return true
			}})
		}
	}
	return all
}

// Every row keeps every rule of the columns that version 1.2 has for usage.
func TestColumnsKeepTheRulesOfTheSpecification(t *testing.T) {
	var out bytes.Buffer
	charges := chargesOf(sample())
	require.NoError(t, WriteCSV(&out, each(charges)))
	table, err := csv.NewReader(&out).ReadAll()
	require.NoError(t, err)
	require.Len(t, table, len(charges)+1)
	for _, id := range mandatory {
		assert.Contains(t, table[0], id, "must be present")
	}
	seen := map[string]bool{}
	for _, id := range table[0] {
		assert.Regexp(t, `^[A-Z][A-Za-z]+$`, id, "column_handling.md: Pascal case")
		assert.False(t, seen[id], "twice")
		seen[id] = true
	}
	parent := map[string]string{}
	checks := rules()
	for _, line := range table[1:] {
		row := map[string]string{}
		for i, id := range table[0] {
			row[id] = line[i]
			assert.NotContains(t, []string{"NULL", "null", "N/A", " "}, line[i], "null_handling.md")
		}
		for _, r := range checks {
			if !r.holds(row) {
				t.Fatalf("%s does not hold for %v", r.source, row)
			}
		}
		if before, known := parent[row["SkuPriceId"]]; known {
			assert.Equal(t, before, row["SkuId"], "skupriceid.md: one parent")
		}
		parent[row["SkuPriceId"]] = row["SkuId"]
	}
}

// A Parquet file has the values of the CSV file, as another implementation of Thrift's
// protocol reads it.
func TestParquetHasTheValuesOfCSV(t *testing.T) {
	charges := chargesOf(sample())
	for len(charges) <= groupRows { // several row groups
		charges = append(charges, charges...)
	}
	var out bytes.Buffer
	require.NoError(t, WriteParquet(&out, each(charges)))
	file := out.Bytes()
	require.Equal(t, "PAR1", string(file[:4]))
	require.Equal(t, "PAR1", string(file[len(file)-4:]))
	size := int(binary.LittleEndian.Uint32(file[len(file)-8:]))
	footer := readStruct(t, file[len(file)-8-size:len(file)-8])
	assert.Equal(t, int64(len(charges)), footer[3])
	schema := footer[2].([]any)
	require.Len(t, schema, len(Columns)+1)
	groups := footer[4].([]any)
	assert.Greater(t, len(groups), 1)
	at := 0
	for _, g := range groups {
		chunks := g.(map[int16]any)[1].([]any)
		rows := int(g.(map[int16]any)[3].(int64))
		require.Len(t, chunks, len(Columns))
		for i, c := range chunks {
			assert.Equal(t, Columns[i].ID, string(schema[i+1].(map[int16]any)[4].([]byte)))
			metadata := c.(map[int16]any)[3].(map[int16]any)
			offset := metadata[9].(int64)
			for n, got := range readPage(t, file[offset:offset+metadata[7].(int64)], Columns[i].Type, rows) {
				if want := Columns[i].Value(&charges[at+n]); want != got && !sameNumber(Columns[i].Type, want, got) {
					t.Fatalf("%s of row %d is %q, not %q", Columns[i].ID, at+n, got, want)
				}
			}
		}
		at += rows
	}
	assert.Equal(t, len(charges), at)
}

func sameNumber(of Type, want, got string) bool {
	x, err := strconv.ParseFloat(want, 64)
	y, errGot := strconv.ParseFloat(got, 64)
	return of == Decimal && err == nil && errGot == nil && x == y
}

func readPage(t *testing.T, chunk []byte, of Type, rows int) []string {
	t.Helper()
	buffer := thrift.NewTMemoryBuffer()
	_, _ = buffer.Write(chunk)
	header := readFrom(t, thrift.NewTCompactProtocolConf(buffer, nil))
	require.Equal(t, int64(rows), int64(header[5].(map[int16]any)[1].(int32)))
	page := buffer.Bytes()
	require.Len(t, page, int(header[3].(int32)))
	size := int(binary.LittleEndian.Uint32(page))
	levels, values := page[4:4+size], page[4+size:]
	var present []bool
	for len(levels) > 0 {
		run, n := binary.Uvarint(levels)
		require.Zero(t, run&1, "a run of one level")
		for range run >> 1 {
			present = append(present, levels[n] == 1)
		}
		levels = levels[n+1:]
	}
	require.Len(t, present, rows)
	out := make([]string, rows)
	for i := range out {
		if !present[i] {
			continue
		}
		switch of {
		case Decimal:
			out[i] = strconv.FormatFloat(math.Float64frombits(binary.LittleEndian.Uint64(values)), 'f', -1, 64)
			values = values[8:]
		case DateTime:
			out[i] = moment(time.UnixMilli(int64(binary.LittleEndian.Uint64(values))))
			values = values[8:]
		default:
			n := int(binary.LittleEndian.Uint32(values))
			out[i] = string(values[4 : 4+n])
			values = values[4+n:]
		}
	}
	assert.Empty(t, values)
	return out
}

func readStruct(t *testing.T, content []byte) map[int16]any {
	t.Helper()
	buffer := thrift.NewTMemoryBuffer()
	_, _ = buffer.Write(content)
	return readFrom(t, thrift.NewTCompactProtocolConf(buffer, nil))
}

// readFrom reads a structure of whatever fields.
func readFrom(t *testing.T, in thrift.TProtocol) map[int16]any {
	t.Helper()
	ctx := context.Background()
	fields := map[int16]any{}
	_, err := in.ReadStructBegin(ctx)
	require.NoError(t, err)
	for {
		_, kind, id, err := in.ReadFieldBegin(ctx)
		require.NoError(t, err)
		if kind == thrift.STOP {
			break
		}
		fields[id] = readValue(t, in, kind)
		require.NoError(t, in.ReadFieldEnd(ctx))
	}
	require.NoError(t, in.ReadStructEnd(ctx))
	return fields
}

func readValue(t *testing.T, in thrift.TProtocol, kind thrift.TType) any {
	t.Helper()
	ctx := context.Background()
	var value any
	var err error
	switch kind {
	case thrift.I32:
		value, err = in.ReadI32(ctx)
	case thrift.I64:
		value, err = in.ReadI64(ctx)
	case thrift.STRING:
		value, err = in.ReadBinary(ctx)
	case thrift.STRUCT:
		return readFrom(t, in)
	case thrift.LIST:
		of, size, errList := in.ReadListBegin(ctx)
		require.NoError(t, errList)
		list := []any{}
		for range size {
			list = append(list, readValue(t, in, of))
		}
		value = list
	default:
		t.Fatalf("type %d", kind)
	}
	require.NoError(t, err)
	return value
}
