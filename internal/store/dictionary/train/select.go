package main

import (
	"encoding/binary"
	"slices"
)

// cover chooses what goes into the dictionary: the pieces of the samples whose
// substrings stand in the most samples, each substring counted once. It is the
// method of the reference trainer (Liao, Petri, Moffat, Wirth: "Effective
// Construction of Relative Lempel-Ziv Dictionaries", 2016), with all ties
// broken by position, so that the same samples give the same bytes.
//
// klauspost's own builder is not used since it walks Go maps and so gives
// other bytes each time.
type cover struct {
	text   []byte   // all samples, one after the other
	hashes []uint32 // of the substring that starts at each position
	counts []uint32 // by hash: in how many samples it stands
}

const (
	window    = 8       // bytes of a substring
	tableBits = 22      // of a substring's hash
	none      = 1 << 31 // no substring starts here: it would cross two samples
)

func newCover(samples [][]byte) *cover {
	c := &cover{counts: make([]uint32, 1<<tableBits)}
	last := make([]int32, 1<<tableBits) // the sample that counted a hash last
	for i, s := range samples {
		for at := range s {
			if at+window > len(s) {
				c.hashes = append(c.hashes, none)
				continue
			}
			h := uint32(binary.LittleEndian.Uint64(s[at:]) * 0x9E3779B185EBCA87 >> (64 - tableBits))
			c.hashes = append(c.hashes, h)
			if last[h] != int32(i+1) {
				last[h] = int32(i + 1)
				c.counts[h]++
			}
		}
		c.text = append(c.text, s...)
	}
	return c
}

// content returns size bytes, the best pieces last, where they are cheapest to
// refer to.
func (c *cover) content(size, piece int) []byte {
	epochs := max(1, size/piece/4)
	length := len(c.text) / epochs
	var pieces [][]byte
	total, empty := 0, 0
	for e := 0; total < size && empty < epochs; e = (e + 1) % epochs {
		from, to := c.best(e*length, min((e+1)*length, len(c.text)), min(piece, size-total))
		if to-from < window {
			empty++
			continue
		}
		empty = 0
		pieces = append(pieces, c.text[from:to])
		total += to - from
	}
	slices.Reverse(pieces)
	return slices.Concat(pieces...)
}

// best finds the piece of [from, to) with the highest sum of counts, each hash
// counted once within a piece, takes its hashes out of the count, and trims
// ends that add nothing.
func (c *cover) best(from, to, piece int) (int, int) {
	inside := map[uint32]int{}
	var score, bestScore uint64
	begin, end := from, from
	for at, left := from, from; at < to; at++ {
		if h := c.hashes[at]; h != none {
			if inside[h]++; inside[h] == 1 {
				score += uint64(c.counts[h])
			}
		}
		if at-left+window > piece {
			if h := c.hashes[left]; h != none {
				if inside[h]--; inside[h] == 0 {
					score -= uint64(c.counts[h])
					delete(inside, h)
				}
			}
			left++
		}
		if score > bestScore {
			bestScore, begin, end = score, left, at+1
		}
	}
	for begin < end && !c.useful(begin) {
		begin++
	}
	for begin < end && !c.useful(end-1) {
		end--
	}
	if begin == end {
		return from, from
	}
	for _, h := range c.hashes[begin:end] {
		if h != none {
			c.counts[h] = 0
		}
	}
	return begin, min(end+window-1, to)
}

// useful reports whether a substring that stands in more than one sample
// starts here.
func (c *cover) useful(at int) bool { return c.hashes[at] != none && c.counts[c.hashes[at]] > 1 }
