package postgres

import (
	"errors"
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// codec compresses bodies. Each version row says which dictionary its body
// needs; 0 is none.
type codec struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

// plain is the number of "no dictionary".
const plain = 0

// maxBody is what a body may unpack to: far above the limit of a request.
const maxBody = 256 << 20

func (c *codec) open() (err error) {
	c.enc, err = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithLowerEncoderMem(true), zstd.WithEncoderCRC(false))
	if err != nil {
		return fmt.Errorf("making the compressor: %w", err)
	}
	c.dec, err = zstd.NewReader(nil, zstd.WithDecoderMaxMemory(maxBody), zstd.WithDecoderConcurrency(0))
	if err != nil {
		return fmt.Errorf("making the decompressor: %w", err)
	}
	return nil
}

func (c *codec) close() { c.dec.Close() }

// pack compresses; an empty body stays empty.
func (c *codec) pack(body []byte) []byte {
	if len(body) == 0 {
		return []byte{}
	}
	return c.enc.EncodeAll(body, make([]byte, 0, len(body)/3+64))
}

var errDictionary = errors.New("a body was compressed with a dictionary this program does not have")

func (c *codec) unpack(dict int16, data []byte) ([]byte, error) {
	if len(data) == 0 {
		return nil, nil
	}
	if dict != plain {
		return nil, errDictionary
	}
	body, err := c.dec.DecodeAll(data, nil)
	if err != nil {
		return nil, fmt.Errorf("unpacking a body: %w", err)
	}
	return body, nil
}
