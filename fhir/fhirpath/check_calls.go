package fhirpath

// signature is what Check knows of a function.
type signature struct {
	lambda  bool      // its first argument is evaluated on each item
	takes   []kind    // what the input must be; nil means anything
	gives   *typeInfo // the type of the result; nil means that of the input, or see open
	open    bool      // the result can be anything
	first   bool      // the result is a single item
	many    bool      // the result may be several items
	ordered bool      // the order of the input matters
}

var (
	textKinds   = []kind{kindString}
	numberKinds = []kind{kindInteger, kindDecimal, kindQuantity}

	asked    = signature{gives: systemBoolean, first: true}
	askText  = signature{takes: textKinds, gives: systemBoolean, first: true}
	fromText = signature{takes: textKinds, gives: systemString, first: true}
	position = signature{takes: textKinds, gives: systemInteger, first: true}
	decimals = signature{takes: numberKinds, gives: systemDecimal, first: true}
	counted  = signature{takes: numberKinds, gives: systemInteger, first: true}
	same     = signature{}
	part     = signature{ordered: true}
	single   = signature{ordered: true, first: true}
)

// signatures are the functions that Check knows; of any other the result is
// open.
var signatures = map[string]signature{
	"empty": asked, "all": {lambda: true, gives: systemBoolean, first: true}, "exists": {lambda: true, gives: systemBoolean, first: true},
	"allTrue": asked, "anyTrue": asked, "allFalse": asked, "anyFalse": asked, "subsetOf": asked, "supersetOf": asked, "isDistinct": asked,
	"not": asked, "hasValue": asked, "conformsTo": asked, "memberOf": asked, "htmlChecks": asked, "comparable": asked,
	"convertsToBoolean": asked, "convertsToInteger": asked, "convertsToDate": asked, "convertsToDateTime": asked, "convertsToDecimal": asked,
	"convertsToQuantity": asked, "convertsToString": asked, "convertsToTime": asked,
	"startsWith": askText, "endsWith": askText, "contains": askText, "matches": askText, "matchesFull": askText,
	"upper": fromText, "lower": fromText, "replace": fromText, "replaceMatches": fromText, "substring": fromText, "trim": fromText,
	"encode": fromText, "decode": fromText, "escape": fromText, "unescape": fromText,
	"split": {takes: textKinds, gives: systemString, many: true}, "toChars": {takes: textKinds, gives: systemString, many: true},
	"join":   {takes: textKinds, gives: systemString, first: true},
	"length": position, "indexOf": position, "lastIndexOf": position,
	"ceiling": counted, "floor": counted, "truncate": counted, "exp": decimals, "ln": decimals, "log": decimals, "sqrt": decimals,
	"count": {gives: systemInteger, first: true}, "precision": {gives: systemInteger, first: true},
	"where": {lambda: true}, "trace": {lambda: true}, "distinct": same, "intersect": same, "exclude": same, "sort": {lambda: true}, "checkModifiers": same,
	"select": {lambda: true, open: true, many: true}, "repeat": {lambda: true, open: true, many: true},
	"first": single, "last": single, "tail": part, "skip": part, "take": part, "single": {first: true},
	"toBoolean": {gives: systemBoolean, first: true}, "toInteger": {gives: systemInteger, first: true}, "toDecimal": {gives: systemDecimal, first: true},
	"toDate": {gives: systemDate, first: true}, "toDateTime": {gives: systemDateTime, first: true}, "toTime": {gives: systemTime, first: true},
	"toQuantity": {gives: systemQuantity, first: true}, "toString": {gives: systemString, first: true},
	"now": {gives: systemDateTime, first: true}, "today": {gives: systemDate, first: true}, "timeOfDay": {gives: systemTime, first: true},
	"type": {gives: typeOfType},
}

func (c *checking) call(x *call, in shape) (shape, error) {
	switch x.name {
	case "is":
		_, _, err := x.typ.resolve()
		return shapeOf(systemBoolean), err
	case "as":
		if in.many && len(in.types) > 0 {
			return in, faultf(x.at(), "as() is for a single item, and there may be several; use ofType()")
		}
		return in.narrow(x.typ)
	case "ofType":
		return in.narrow(x.typ)
	case "iif":
		return c.iif(x, in)
	case "extension":
		_, err := c.arguments(x, false, in)
		return shape{types: []*typeInfo{typeOf("Extension")}, many: true}, err
	case "children", "descendants":
		return shape{many: true, unordered: true}, nil
	case "union", "combine":
		args, err := c.arguments(x, false, in)
		if err != nil {
			return in, err
		}
		out := merge(in, args[0])
		out.many = true
		return out, nil
	}
	sig, ok := signatures[x.name]
	if !ok {
		sig = signature{open: true, many: true}
	}
	return c.signed(x, in, sig)
}

// signed checks a call against its signature.
func (c *checking) signed(x *call, in shape, sig signature) (shape, error) {
	if sig.takes != nil && in.never(sig.takes...) {
		return in, faultf(x.at(), "%s() does not work on %s", x.name, typeNames(in.types))
	}
	if sig.ordered && in.unordered {
		return in, unorderedFault(x.at())
	}
	args, err := c.arguments(x, sig.lambda, in)
	if err != nil {
		return in, err
	}
	out := in
	switch {
	case x.name == "select":
		out = shape{types: args[0].types, many: in.many || args[0].many, unordered: in.unordered || args[0].unordered}
	case x.name == "repeat" && len(args[0].types) > 0:
		out = shape{types: args[0].types, many: true}
	case sig.open:
		out = shape{many: true}
	case sig.gives != nil:
		out = shapeOf(sig.gives)
	}
	out.many = (out.many || sig.many) && !sig.first
	return out, nil
}

// arguments checks the arguments of a call, lambdas on each item of the input.
func (c *checking) arguments(x *call, lambda bool, in shape) ([]shape, error) {
	var out []shape
	for _, a := range x.args {
		s, err := c.argument(a, lambda, in)
		if err != nil {
			return out, err
		}
		out = append(out, s)
	}
	return out, nil
}

func (c *checking) argument(a expr, lambda bool, in shape) (shape, error) {
	old := c.this
	defer func() { c.this = old }()
	if lambda {
		c.this = in.one()
	}
	return c.expr(a, c.this)
}

func (c *checking) iif(x *call, in shape) (shape, error) {
	args, err := c.arguments(x, true, in)
	if err != nil {
		return in, err
	}
	if args[0].never(kindBoolean) || (args[0].many && len(args[0].types) > 0) {
		return in, faultf(x.args[0].at(), "the criterion of iif() must be one boolean")
	}
	out := args[1]
	if len(args) == 3 {
		out = merge(out, args[2])
	}
	return out, nil
}
