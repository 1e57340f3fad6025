package access

// Operation says whether the principal may call an operation, such as
// "$submit" on Claim. Which resources it may touch is asked as for any read and
// write. typ is "" for an operation of the whole system.
func (p Principal) Operation(typ, name string) error {
	if p.Kind == System {
		return nil
	}
	op, ok := rules.Operations[typ+"/"+name]
	if !ok {
		op, ok = rules.Operations[every+"/"+name]
	}
	if !ok {
		if p.Restricted() {
			return forbidden("A facility's client may not call " + name + ".")
		}
		if typ == "" {
			typ = every
		}
		for i := range len(allRights) {
			if err := p.allow(typ, Right(allRights[i])); err != nil {
				return err
			}
		}
		return nil
	}
	if p.Restricted() && (!op.Facility || len(p.Facilities) == 0) {
		return forbidden("A facility's client may not call " + name + ".")
	}
	needs := op.Type
	if needs == every && typ != "" {
		needs = typ
	}
	return p.allow(needs, Right(op.Right[0]))
}

// every stands for all types in the table, and in a scope.
const every = "*"
