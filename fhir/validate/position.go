package validate

import "bytes"

// Position turns the offset of an issue into line and column of the document
// that was parsed, both from 1; the column counts bytes.
func Position(data []byte, offset int) (line, column int) {
	before := data[:min(max(offset, 0), len(data))]
	return 1 + bytes.Count(before, []byte("\n")), len(before) - bytes.LastIndexByte(before, '\n')
}
