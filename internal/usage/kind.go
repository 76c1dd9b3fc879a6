// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package usage

// Kind is a kind of usage. Its number is that of this build alone: whatever is
// stored or sent has the name of the kind.
type Kind uint8

// The kinds that code refers to. A kind that none does needs only its row in
// the table.
const (
	None Kind = iota // no kind at all

	Input
	CacheRead
	CacheWrite
	CacheWrite1h
	CacheWriteLong
	AudioInput
	CachedAudio
	ImageInput
	CachedImage
	VideoInput

	Output
	Reasoning
	AudioOutput
	ImageOutput
	VideoOutput

	Requests
	Images
	Seconds
	Characters
	Pages
	Searches
	WebSearches
	FileSearches
	MapsSearches
	CodeSessions
	GBDays
)

// Unit is what a kind is counted in.
type Unit string

// The units.
const (
	Token     Unit = "token"
	Image     Unit = "image"
	Second    Unit = "second"
	Character Unit = "character"
	Page      Unit = "page"
	Search    Unit = "search"
	Session   Unit = "session"
	Request   Unit = "request"
	GBDay     Unit = "gb_day" // a gigabyte that is stored for a day
)

// Side is the side of a call that a kind is on.
type Side uint8

// The sides.
const (
	Other Side = iota // neither: searches, images, seconds
	In
	Out
)

func (s Side) String() string { return [...]string{Other: "other", In: "input", Out: "output"}[s] }

// Info is a row of the table.
type Info struct {
	// Name is that of the kind in files, APIs, CSV and metrics. It never changes.
	Name string
	Unit Unit
	Side Side
	// PartOf is the kind in whose count APIs include this one, where they do.
	// Amounts are disjoint all the same.
	PartOf Kind
	// Price is the key of its price in price files: dollars per million tokens, or
	// dollars per unit under fees.
	Price string
	// PriceFrom is the kind whose price counts where a model has none of this one.
	// None: the kind then has no price.
	PriceFrom Kind
	// Scale is how many of an amount make one unit, where a unit is too coarse:
	// 1000 for seconds, which are counted in thousandths. Zero means 1.
	Scale int64
}

// table has the kinds in an order in which each follows the one that its price is
// from. A new kind is a row at its end, or before it with a constant.
var table = [...]Info{
	None: {},

	Input:          {Name: "input", Unit: Token, Side: In, Price: "input"},
	CacheRead:      {Name: "cache_read", Unit: Token, Side: In, PartOf: Input, Price: "cache_read", PriceFrom: Input},
	CacheWrite:     {Name: "cache_write", Unit: Token, Side: In, PartOf: Input, Price: "cache_write", PriceFrom: Input}, // kept for five minutes, or as long as the provider likes
	CacheWrite1h:   {Name: "cache_write_1h", Unit: Token, Side: In, PartOf: Input, Price: "cache_write_1h", PriceFrom: CacheWrite},
	CacheWriteLong: {Name: "cache_write_long", Unit: Token, Side: In, PartOf: Input, Price: "cache_write_long", PriceFrom: CacheWrite1h}, // kept for longer than an hour
	AudioInput:     {Name: "audio_input", Unit: Token, Side: In, PartOf: Input, Price: "audio_input", PriceFrom: Input},
	CachedAudio:    {Name: "cached_audio", Unit: Token, Side: In, PartOf: CacheRead, Price: "cached_audio", PriceFrom: CacheRead},
	ImageInput:     {Name: "image_input", Unit: Token, Side: In, PartOf: Input, Price: "image_input", PriceFrom: Input},
	CachedImage:    {Name: "cached_image", Unit: Token, Side: In, PartOf: CacheRead, Price: "cached_image", PriceFrom: CacheRead},
	VideoInput:     {Name: "video_input", Unit: Token, Side: In, PartOf: Input, Price: "video_input", PriceFrom: Input},

	Output:      {Name: "output", Unit: Token, Side: Out, Price: "output"},
	Reasoning:   {Name: "reasoning", Unit: Token, Side: Out, PartOf: Output, Price: "reasoning", PriceFrom: Output},
	AudioOutput: {Name: "audio_output", Unit: Token, Side: Out, PartOf: Output, Price: "audio_output", PriceFrom: Output},
	ImageOutput: {Name: "image_output", Unit: Token, Side: Out, PartOf: Output, Price: "image_output", PriceFrom: Output},
	VideoOutput: {Name: "video_output", Unit: Token, Side: Out, PartOf: Output, Price: "video_output", PriceFrom: Output},

	Requests:     {Name: "requests", Unit: Request, Price: "request"}, // a call is one where no other usage is reported
	Images:       {Name: "images", Unit: Image, Price: "image"},
	Seconds:      {Name: "seconds", Unit: Second, Price: "second", Scale: 1000}, // of audio or video, in or out
	Characters:   {Name: "characters", Unit: Character, Price: "character"},
	Pages:        {Name: "pages", Unit: Page, Price: "page"},
	Searches:     {Name: "searches", Unit: Search, Price: "search"}, // billed by rerankers
	WebSearches:  {Name: "web_searches", Unit: Search, Price: "web_search"},
	FileSearches: {Name: "file_searches", Unit: Search, Price: "file_search"},
	MapsSearches: {Name: "maps_searches", Unit: Search, Price: "maps_search"},
	CodeSessions: {Name: "code_sessions", Unit: Session, Price: "code_session"},
	GBDays:       {Name: "gb_days", Unit: GBDay, Price: "gb_day", Scale: 1000}, // of what is stored for searches
}

// Count is the number of kinds, None among them.
const Count = len(table)

var byName, byPrice = func() (names, prices map[string]Kind) {
	names, prices = map[string]Kind{}, map[string]Kind{}
	for i := 1; i < Count; i++ {
		names[table[i].Name], prices[table[i].Price] = Kind(i), Kind(i)
	}
	return names, prices
}()

var kinds = func() (all [Count - 1]Kind) {
	for i := range all {
		all[i] = Kind(i + 1)
	}
	return all
}()

// Kinds returns all kinds in the order of the table. They must not be changed.
func Kinds() []Kind { return kinds[:] }

// Named returns the kind of that name; false when there is none.
func Named(name string) (Kind, bool) {
	kind, ok := byName[name]
	return kind, ok
}

// Priced returns the kind whose price has that key; false when there is none.
func Priced(key string) (Kind, bool) {
	kind, ok := byPrice[key]
	return kind, ok
}

// Info returns the row of the table.
func (k Kind) Info() Info { return table[k] }

// Scale returns how many of an amount make one unit.
func (k Kind) Scale() int64 { return max(table[k].Scale, 1) }

func (k Kind) String() string { return table[k].Name }
