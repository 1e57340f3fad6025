package xml

// The namespaces that a resource may use.
const (
	fhirSpace     = "http://hl7.org/fhir"
	xhtmlSpace    = "http://www.w3.org/1999/xhtml"
	xmlSpace      = "http://www.w3.org/XML/1998/namespace"
	xmlnsSpace    = "http://www.w3.org/2000/xmlns/"
	instanceSpace = "http://www.w3.org/2001/XMLSchema-instance"
)

// binding is a namespace in scope; prefix "" is the default.
type binding struct{ prefix, space string }

// bind declares a namespace for the element that is being read.
//
// https://www.w3.org/TR/xml-names/#ns-decl
func (s *scanner) bind(prefix, local, value string) error {
	b := binding{local, value}
	if prefix == "" {
		b.prefix = ""
		s.tag.ownSpace = true
	}
	outside := s.stack[len(s.stack)-1].spaces
	for _, old := range s.spaces[outside:] {
		if old.prefix == b.prefix {
			return s.malformed("an element declares the same namespace prefix twice")
		}
	}
	if (prefix != "" && value == "") || b.prefix == "xmlns" || value == xmlnsSpace || (b.prefix == "xml") != (value == xmlSpace) {
		return s.malformed("a namespace declaration is not allowed")
	}
	if len(s.spaces) == maxAttributes {
		return s.fault("The XML declares too many namespaces.")
	}
	s.spaces = append(s.spaces, b)
	return nil
}

// lookup returns the namespace of a prefix.
func (s *scanner) lookup(prefix string) (string, bool) {
	for i := len(s.spaces) - 1; i >= 0; i-- {
		if s.spaces[i].prefix == prefix {
			return s.spaces[i].space, true
		}
	}
	switch prefix {
	case "":
		return "", true
	case "xml":
		return xmlSpace, true
	}
	return "", false
}

// resolve finds the namespace of the start tag, now that all its declarations
// are known, and checks the prefixes of its attributes.
func (s *scanner) resolve() error {
	var ok bool
	if s.tag.space, ok = s.lookup(s.tag.prefix); !ok {
		return s.malformed("a namespace prefix is not declared")
	}
	for i, a := range s.tag.attrs {
		if a.prefix == "" {
			continue
		}
		space, ok := s.lookup(a.prefix)
		if !ok {
			return s.malformed("a namespace prefix is not declared")
		}
		for _, b := range s.tag.attrs[:i] {
			if other, _ := s.lookup(b.prefix); b.prefix != "" && other == space && b.local == a.local {
				return s.malformed("an element has the same attribute twice")
			}
		}
	}
	return nil
}
