package fhir

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Limits of the gate. Depth counts objects and arrays.
const (
	MaxDepth = 64
	maxNodes = 4 << 20 // of one document: bounds the memory a small body can claim
)

// Parse is the strict gate: one JSON value in UTF-8, no duplicate keys, no
// trailing text, at most MaxDepth deep, and no NUL in a string. A fault is an
// *Error of kind Invalid that says where it is.
//
// https://hl7.org/fhir/R4/json.html
func Parse(data []byte) (*Node, error) {
	p := parser{data: data, dec: jsontext.NewDecoder(bytes.NewBuffer(data))}
	var root Node
	if err := p.value(&root, 1); err != nil {
		return nil, p.fault(err)
	}
	if _, err := p.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, p.fault(errTrailing)
	}
	return &root, nil
}

// ParseObject is Parse for a document that must be a JSON object.
func ParseObject(data []byte) (*Node, error) {
	n, err := Parse(data)
	if err != nil {
		return nil, err
	}
	if n.Kind != KindObject {
		return nil, &Error{Kind: Invalid, Issue: IssueStructure, Text: "The body is not a JSON object. Send one FHIR resource."}
	}
	return n, nil
}

var (
	errTrailing = errors.New("text after the end of the JSON value")
	errDepth    = errors.New("nested too deep")
	errNul      = errors.New("NUL character in a string")
	errMany     = errors.New("too many values")
)

type parser struct {
	data  []byte
	dec   *jsontext.Decoder
	count int
}

func (p *parser) value(n *Node, depth int) error {
	if depth > MaxDepth {
		return errDepth
	}
	if p.count++; p.count > maxNodes {
		return errMany
	}
	before := int(p.dec.InputOffset())
	tok, err := p.dec.ReadToken()
	if err != nil {
		return err
	}
	n.Offset = p.start(before)
	switch tok.Kind() {
	case '{':
		return p.object(n, depth)
	case '[':
		return p.array(n, depth)
	case '"':
		n.Kind, n.Text = KindString, tok.String()
		if strings.IndexByte(n.Text, 0) >= 0 {
			return errNul
		}
	case '0':
		n.Kind, n.Text = KindNumber, tok.String()
	case 't', 'f':
		n.Kind, n.Text = KindBool, tok.String()
	default:
		n.Kind = KindNull
	}
	return nil
}

// start is where the token that follows offset begins: past white space and
// what separates it from the token before.
func (p *parser) start(offset int) int {
	for offset < len(p.data) {
		switch p.data[offset] {
		case ' ', '\t', '\r', '\n', ',', ':':
			offset++
		default:
			return offset
		}
	}
	return offset
}

func (p *parser) object(n *Node, depth int) error {
	n.Kind = KindObject
	for p.dec.PeekKind() != '}' {
		tok, err := p.dec.ReadToken()
		if err != nil {
			return err
		}
		name := tok.String()
		if strings.IndexByte(name, 0) >= 0 {
			return errNul
		}
		n.Nodes = append(n.Nodes, Node{})
		m := &n.Nodes[len(n.Nodes)-1]
		if err := p.value(m, depth+1); err != nil {
			return err
		}
		m.Name = name
	}
	_, err := p.dec.ReadToken()
	return err
}

func (p *parser) array(n *Node, depth int) error {
	n.Kind = KindArray
	for p.dec.PeekKind() != ']' {
		n.Nodes = append(n.Nodes, Node{})
		if err := p.value(&n.Nodes[len(n.Nodes)-1], depth+1); err != nil {
			return err
		}
	}
	_, err := p.dec.ReadToken()
	return err
}

// fault turns a decoder error into words that hold no value of the document.
func (p *parser) fault(err error) error {
	text := "The body is not valid JSON. Check it with a JSON validator and send it again."
	switch {
	case errors.Is(err, errTrailing):
		text = "There is text after the end of the JSON value. Send one resource, or a Bundle."
	case errors.Is(err, errDepth):
		text = "The JSON is nested more than 64 levels deep."
	case errors.Is(err, errNul):
		text = "A string holds a NUL character, which FHIR does not allow."
	case errors.Is(err, errMany):
		text = "The JSON holds more values than this server takes in one request. Send smaller bundles."
	case errors.Is(err, jsontext.ErrDuplicateName):
		text = "An object has the same key twice."
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		text = "The JSON ends before it is complete."
	}
	return &Error{Kind: Invalid, Issue: IssueStructure, Path: pointer(p.dec), Text: text, Cause: err}
}

// pointer renders where the decoder stands as a FHIRPath-like path of names
// and indexes. Names longer than any FHIR element are left out: they may carry
// data.
func pointer(dec *jsontext.Decoder) string {
	ptr := string(dec.StackPointer())
	if ptr == "" || len(ptr) > 300 {
		return ""
	}
	var b strings.Builder
	for _, part := range strings.Split(ptr[1:], "/") {
		switch {
		case part == "" || len(part) > 64 || strings.ContainsAny(part, " ~\"<>"):
			return b.String()
		case part[0] >= '0' && part[0] <= '9':
			b.WriteString("[" + part + "]")
		default:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(part)
		}
	}
	return b.String()
}
