package aadsts

import (
	"bytes"
	"slices"
	"strings"
	"time"
)

// The items of a text become a Report in three steps. Labels take the values
// beside them (pair.go). Labelled values that follow each other are a block,
// the head or the tail of an error. Codes and the blocks around them are a
// record, one error; the record that matters is reported.

type fieldIndex uint8

const (
	request fieldIndex = iota
	correlation
	stamp
)

// A value is what the text says for one field.
type value struct {
	state  state
	flags  flags
	hi, lo uint64
}

type state uint8

const (
	absent  state = iota
	damaged       // labelled, but unreadable
	present
)

func (v value) ok() bool        { return v.state == present }
func (v value) guid() guid      { return guid{v.hi, v.lo} }
func (v value) time() time.Time { return time.Unix(int64(v.hi), 0).UTC() }

func (v value) same(w value) bool    { return v.hi == w.hi && v.lo == w.lo }
func (v value) differs(w value) bool { return v.ok() && w.ok() && !v.same(w) }

// A block is a run of labelled values, each field at most once.
type block struct {
	vals  [3]value
	ids   bool // has a label for an id, if only a masked or a blank one
	trace bool // says Trace ID, so it follows its code
	date  bool // its time is labelled with no more than "Date"
	key   bool // its time has a label like those that loggers write
}

func (b *block) empty() bool {
	return b.vals[request].state == absent && b.vals[correlation].state == absent && b.vals[stamp].state == absent
}

func (b *block) hasID() bool { return b.vals[request].ok() || b.vals[correlation].ok() }

// A record is one error.
type record struct {
	block
	codes   [8]codeValue
	n       int
	pending int  // how many of the last codes came after the last label
	head    bool // its labels began before its code, as on a page with a message
	tail    bool // labels followed its code
	weak    bool // its time stands alone before the code, as a logger's also does
	upn     address
}

// An address is an account that the text names, 0 to 0 if none.
type address struct {
	start, end int32
	score      uint64
}

func (u address) ok() bool { return u.end > 0 }

type codeValue struct {
	code  uint32
	flags flags // named, coded
}

func (r *record) labels() bool { return r.head || r.tail }

// code is the first that the text calls one, or else the first number.
func (r *record) code() (code uint32, ok bool) {
	for _, c := range r.codes[:r.n] {
		if c.flags&named != 0 {
			return c.code, true
		}
	}
	return r.codes[0].code, r.n > 0
}

func (r *record) has(code uint32) bool {
	return slices.ContainsFunc(r.codes[:r.n], func(c codeValue) bool { return c.code == code })
}

func (r *record) addCode(c codeValue) {
	if r.n < len(r.codes) {
		r.codes[r.n] = c
		r.n++
		r.pending++
	}
}

// An assembler builds records from items, in their order.
type assembler struct {
	b     []byte
	codes [maxCodes]uint32 // distinct, of the whole text
	n     int

	blk block
	rec record
	upn address // after the tail of rec: of rec, or of the record to come

	best  [3]record // of each rank
	found [3]bool

	elsewhere bool // another service speaks

	someUPN  address // the first of the text
	manyUPNs bool    // there are others
}

// Ranks of records: one that says which error it is, a bare number, ids alone.
const (
	rankNamed = iota
	rankBare
	rankCodeless
)

// assemble makes the report of all items.
func assemble(b []byte, items []item) (Report, bool) {
	a := assembler{b: b}
	spelt := slices.ContainsFunc(items, func(it item) bool { return it.flags&spelled != 0 })
	for i := 0; i < len(items); {
		switch it := &items[i]; it.kind {
		case labelItem:
			n := cluster(items[i:])
			if i > 0 && it.label == createdLabel && it.flags&touching != 0 && items[i-1].kind == guidItem {
				a.put(request, &items[i-1]) // a sign-in of Graph: its "id" stands first
			}
			a.pair(items[i : i+n])
			i += n
			continue
		case codeItem:
			if spelt && it.flags&guessed != 0 {
				break // "ERROR 17234" beside AADSTS50076 is a process, or a line
			}
			a.code(codeValue{uint32(it.hi), it.flags})
		case upnItem:
			a.address(address{it.start, it.end, it.hi})
		case guidItem, timeItem:
			a.stray(items, i)
		}
		i++
	}
	a.flush()
	a.finish()
	for rank := range a.found {
		if a.found[rank] {
			r := &a.best[rank]
			return r.report(a.codes[:a.n], a.account(r)), true
		}
	}
	return Report{}, false
}

// flush ends the block and gives it to the record it belongs to.
func (a *assembler) flush() {
	b := a.blk
	a.blk = block{}
	if t := &b.vals[stamp]; t.ok() && !b.ids && (b.date || t.flags&noZone != 0 || b.key && t.flags&(iso|fraction) != 0) {
		*t = value{} // a logger's time, or a mail's
	}
	if b.empty() {
		return
	}
	r := &a.rec
	switch {
	case !r.labels() || r.fits(&b):
	default:
		a.split(b.trace)
	}
	r.merge(&b)
}

// fits reports whether a block can say more about the same error.
func (r *record) fits(b *block) bool {
	if r.vals[request].ok() && b.vals[request].ok() {
		return r.vals[request].same(b.vals[request])
	}
	if r.vals[correlation].differs(b.vals[correlation]) {
		return false
	}
	return !r.vals[stamp].differs(b.vals[stamp]) || r.weak && !r.tail
}

// merge adds what the block knows.
func (r *record) merge(b *block) {
	if !r.labels() {
		r.weak = r.n == 0 && !b.ids
	}
	if r.weak && b.ids || r.weak && r.n > 0 {
		if b.vals[stamp].ok() {
			r.vals[stamp], r.weak = value{}, false
		}
	}
	for f, v := range b.vals {
		if v.state > r.vals[f].state {
			r.vals[f] = v
			if fieldIndex(f) == stamp {
				r.date = b.date
			}
		}
	}
	if r.n == 0 {
		r.head = true
	} else {
		r.tail = true
	}
	r.pending = 0
}

// split ends the record before a block that is of another error. The codes
// since its last label go with the block if it is a tail.
func (a *assembler) split(trace bool) {
	var next record
	r := &a.rec
	moved := 0
	switch {
	case !r.head || r.tail:
		moved = r.pending
	case r.pending > 1 && (trace || r.codes[r.n-1].flags&coded != 0):
		moved = r.pending - 1 // the first is the message of the head
	case trace:
		moved = r.pending
	}
	for _, c := range r.codes[r.n-moved : r.n] {
		next.addCode(c)
	}
	r.n -= moved
	a.finish()
	next.upn = a.rec.upn
	a.rec = next
}

// code adds a code to the record, or begins the next one.
func (a *assembler) code(c codeValue) {
	a.flush()
	if a.n < maxCodes && !slices.Contains(a.codes[:a.n], c.code) {
		a.codes[a.n] = c.code
		a.n++
	}
	r := &a.rec
	if !r.labels() || !r.tail {
		if !r.has(c.code) {
			r.addCode(c)
		}
		return
	}
	if !r.has(c.code) {
		a.finish()
	}
	a.rec.addCode(c)
}

// address notes the account. After the tail of an error it may already be of
// the next.
func (a *assembler) address(u address) {
	a.flush()
	if !a.someUPN.ok() {
		a.someUPN = u
	} else if !bytes.EqualFold(a.text(u), a.text(a.someUPN)) {
		a.manyUPNs = true
	}
	if a.rec.tail && !a.rec.head {
		a.upn = surer(a.upn, u)
	} else {
		a.rec.upn = surer(a.rec.upn, u)
	}
}

func surer(old, u address) address {
	if !old.ok() || u.score > old.score {
		return u
	}
	return old
}

func (a *assembler) text(u address) []byte { return a.b[u.start:u.end] }

// account is the UPN of the record to report.
func (a *assembler) account(r *record) string {
	u := r.upn
	if !u.ok() && !a.manyUPNs {
		u = a.someUPN
	}
	if !u.ok() {
		return ""
	}
	return strings.ToLower(string(a.text(u)))
}

// finish ends the record and keeps it if it matters more than those before it
// of its rank: newer, where both tell their time.
func (a *assembler) finish() {
	r := a.rec
	r.upn = surer(r.upn, a.upn)
	a.rec, a.upn = record{upn: a.upn}, address{}
	rank := rankNamed
	if c, ok := r.code(); !ok {
		rank = rankCodeless
		if a.elsewhere || !r.entra() {
			return
		}
	} else if !r.labels() && !slices.ContainsFunc(r.codes[:r.n], func(v codeValue) bool { return v.code == c && v.flags&named != 0 }) {
		rank = rankBare
	}
	best := &a.best[rank]
	if a.found[rank] && !(best.vals[stamp].ok() && r.vals[stamp].ok() && int64(r.vals[stamp].hi) > int64(best.vals[stamp].hi)) {
		return
	}
	*best, a.found[rank] = r, true
}

// entra reports whether labels alone show an Entra error: two of them, one
// with a whole id.
func (r *record) entra() bool {
	n := 0
	for f, v := range r.vals {
		if v.state != absent && !(fieldIndex(f) == stamp && r.date) {
			n++
		}
	}
	return n >= 2 && r.hasID()
}
