package fhirpath

// function is what a name of the standard stands for.
type function struct {
	min, max int  // number of arguments
	typed    bool // the argument names a type
	pattern  bool // the first argument is a regular expression
	call     func(r *run, in []Element, c *call) ([]Element, error)
}

// many is the max of a function with any number of arguments.
const many = 100

// functions is every function that an expression can call, in the order of the
// standards.
var functions = map[string]*function{
	// N1 5.1 Existence
	"empty":      {0, 0, false, false, fnEmpty},
	"exists":     {0, 1, false, false, fnExists},
	"all":        {1, 1, false, false, fnAll},
	"allTrue":    {0, 0, false, false, everyIs(yes)},
	"anyTrue":    {0, 0, false, false, someIs(yes)},
	"allFalse":   {0, 0, false, false, everyIs(no)},
	"anyFalse":   {0, 0, false, false, someIs(no)},
	"subsetOf":   {1, 1, false, false, fnSubsetOf},
	"supersetOf": {1, 1, false, false, fnSupersetOf},
	"count":      {0, 0, false, false, fnCount},
	"distinct":   {0, 0, false, false, fnDistinct},
	"isDistinct": {0, 0, false, false, fnIsDistinct},

	// N1 5.2 Filtering and projection
	"where":  {1, 1, false, false, fnWhere},
	"select": {1, 1, false, false, fnSelect},
	"repeat": {1, 1, false, false, fnRepeat},
	"ofType": {1, 1, true, false, fnOfType},
	"sort":   {0, many, false, false, fnSort}, // a later version's, as are others that HL7's suite for R4 holds

	// N1 5.3 Subsetting
	"single":    {0, 0, false, false, fnSingle},
	"first":     {0, 0, false, false, fnFirst},
	"last":      {0, 0, false, false, fnLast},
	"tail":      {0, 0, false, false, fnTail},
	"skip":      {1, 1, false, false, fnSkip},
	"take":      {1, 1, false, false, fnTake},
	"intersect": {1, 1, false, false, fnIntersect},
	"exclude":   {1, 1, false, false, fnExclude},

	// N1 5.4 Combining
	"union":   {1, 1, false, false, fnUnion},
	"combine": {1, 1, false, false, fnCombine},

	// N1 5.5 Conversion
	"iif":                {2, 3, false, false, fnIif},
	"toBoolean":          {0, 0, false, false, convert(toBoolean)},
	"convertsToBoolean":  {0, 0, false, false, converts(toBoolean)},
	"toInteger":          {0, 0, false, false, convert(toInteger)},
	"convertsToInteger":  {0, 0, false, false, converts(toInteger)},
	"toDate":             {0, 0, false, false, convert(toDate)},
	"convertsToDate":     {0, 0, false, false, converts(toDate)},
	"toDateTime":         {0, 0, false, false, convert(toDateTime)},
	"convertsToDateTime": {0, 0, false, false, converts(toDateTime)},
	"toDecimal":          {0, 0, false, false, convert(toDecimal)},
	"convertsToDecimal":  {0, 0, false, false, converts(toDecimal)},
	"toQuantity":         {0, 1, false, false, fnToQuantity},
	"convertsToQuantity": {0, 1, false, false, fnConvertsToQuantity},
	"toString":           {0, 0, false, false, convert(toString)},
	"convertsToString":   {0, 0, false, false, converts(toString)},
	"toTime":             {0, 0, false, false, convert(toTime)},
	"convertsToTime":     {0, 0, false, false, converts(toTime)},

	// N1 5.6 String manipulation
	"indexOf":        {1, 1, false, false, fnIndexOf},
	"lastIndexOf":    {1, 1, false, false, fnLastIndexOf},
	"substring":      {1, 2, false, false, fnSubstring},
	"startsWith":     {1, 1, false, false, fnStartsWith},
	"endsWith":       {1, 1, false, false, fnEndsWith},
	"contains":       {1, 1, false, false, fnContains},
	"upper":          {0, 0, false, false, fnUpper},
	"lower":          {0, 0, false, false, fnLower},
	"replace":        {2, 2, false, false, fnReplace},
	"matches":        {1, 1, false, true, fnMatches},
	"matchesFull":    {1, 1, false, true, fnMatches},
	"replaceMatches": {2, 2, false, true, fnReplaceMatches},
	"length":         {0, 0, false, false, fnLength},
	"toChars":        {0, 0, false, false, fnToChars},
	"encode":         {1, 1, false, false, fnEncode},
	"decode":         {1, 1, false, false, fnDecode},
	"escape":         {1, 1, false, false, fnEscape},
	"unescape":       {1, 1, false, false, fnUnescape},
	"trim":           {0, 0, false, false, fnTrim},
	"split":          {1, 1, false, false, fnSplit},
	"join":           {0, 1, false, false, fnJoin},

	// N1 5.7 Math
	"abs":          {0, 0, false, false, fnAbs},
	"ceiling":      {0, 0, false, false, fnCeiling},
	"exp":          {0, 0, false, false, fnExp},
	"floor":        {0, 0, false, false, fnFloor},
	"ln":           {0, 0, false, false, fnLn},
	"log":          {1, 1, false, false, fnLog},
	"power":        {1, 1, false, false, fnPower},
	"round":        {0, 1, false, false, fnRound},
	"sqrt":         {0, 0, false, false, fnSqrt},
	"truncate":     {0, 0, false, false, fnTruncate},
	"precision":    {0, 0, false, false, fnPrecision},
	"lowBoundary":  {0, 1, false, false, boundary(false)},
	"highBoundary": {0, 1, false, false, boundary(true)},
	"comparable":   {1, 1, false, false, fnComparable},

	// N1 5.8 Tree navigation, 5.9 Utility
	"children":    {0, 0, false, false, fnChildren},
	"descendants": {0, 0, false, false, fnDescendants},
	"trace":       {1, 2, false, false, fnTrace},
	"now":         {0, 0, false, false, fnNow},
	"timeOfDay":   {0, 0, false, false, fnTimeOfDay},
	"today":       {0, 0, false, false, fnToday},

	// N1 6.3 Types, 6.5 Boolean logic, 7 Aggregates, 10.2 Reflection
	"is":        {1, 1, true, false, fnIs},
	"as":        {1, 1, true, false, fnOfType},
	"not":       {0, 0, false, false, fnNot},
	"aggregate": {1, 2, false, false, fnAggregate},
	"type":      {0, 0, false, false, fnType},

	// FHIR R4 additions: https://hl7.org/fhir/R4/fhirpath.html#functions
	"extension":         {1, 1, false, false, fnExtension},
	"hasValue":          {0, 0, false, false, fnHasValue},
	"getValue":          {0, 0, false, false, fnGetValue},
	"resolve":           {0, 0, false, false, fnResolve},
	"elementDefinition": {0, 0, false, false, fnElementDefinition},
	"slice":             {2, 2, false, false, fnSlice},
	"checkModifiers":    {0, many, false, false, fnCheckModifiers},
	"conformsTo":        {1, 1, false, false, fnConformsTo},
	"memberOf":          {1, 1, false, false, fnMemberOf},
	"subsumes":          {1, 1, false, false, fnSubsumes},
	"subsumedBy":        {1, 1, false, false, fnSubsumedBy},
	"htmlChecks":        {0, 0, false, false, fnHTMLChecks},
}
