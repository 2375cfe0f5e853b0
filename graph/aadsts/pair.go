package aadsts

import "bytes"

// cluster is how many items from the first, a label, stand together with only
// separators between.
func cluster(items []item) int {
	n := 1
	for n < len(items) && items[n].flags&touching != 0 && items[n].kind != upnItem {
		n++
	}
	return n
}

// pair gives each label of a cluster its value: the one right after it, as
// nearly always; or, where labels and values come apart (translated, or copied
// by columns), the one in the same place in their order, which holds only if
// there are as many values as labels.
func (a *assembler) pair(items []item) {
	inOrder := ordered(items)
	v := 0 // the next value in order
	for i := range items {
		it := &items[i]
		switch it.kind {
		case codeItem:
			a.code(codeValue{uint32(it.hi), it.flags})
		case labelItem:
			switch {
			case inOrder:
				for !isValue(&items[v]) {
					v++
				}
				a.take(it, &items[v])
				v++
			case i+1 < len(items) && items[i+1].kind == it.label.wants():
				a.take(it, &items[i+1])
			default:
				a.take(it, nil)
			}
		}
	}
}

func isValue(it *item) bool { return it.kind == guidItem || it.kind == timeItem }

// ordered reports whether the values of a cluster belong to its labels by
// their order and not by their places.
func ordered(items []item) bool {
	labels, values, apart, v := 0, 0, false, 0
	for i := range items {
		switch it := &items[i]; it.kind {
		case guidItem, timeItem:
			values++
		case labelItem:
			labels++
			if it.flags&unread != 0 {
				return false
			}
			if i+1 == len(items) || items[i+1].kind != it.label.wants() {
				apart = true
			}
			for v < len(items) && !isValue(&items[v]) {
				v++
			}
			if v == len(items) || items[v].kind != it.label.wants() {
				return false
			}
			v++
		}
	}
	return apart && labels == values
}

// take puts a labelled value into the block; a nil one is missing.
func (a *assembler) take(l, v *item) {
	f, ok := l.label.field()
	if !ok {
		a.elsewhere = a.elsewhere || l.label == serviceLabel
		return
	}
	if f != stamp {
		a.blk.ids = true
	}
	switch date := l.label == dateLabel; {
	case date && (v == nil || v.flags&noZone != 0 || a.blk.vals[stamp].state != absent):
		return
	case f == stamp && !date && a.blk.date:
		a.blk.vals[f], a.blk.date = value{}, false // the better label
	}
	switch {
	case v != nil:
		a.put(f, v)
	case l.flags&unread != 0 || l.label != dateLabel && starred(a.b[l.end:]):
		a.open(f)
		a.blk.vals[f].state = damaged
	default:
		return
	}
	a.blk.trace = a.blk.trace || l.label == traceLabel
	a.blk.date = a.blk.date || l.label == dateLabel
	a.blk.key = a.blk.key || l.label == stampLabel && a.isKey(l)
}

// isKey reports whether a label is the key of a program's record.
func (a *assembler) isKey(l *item) bool {
	if int(l.end) < len(a.b) && a.b[l.end] == '=' {
		return true
	}
	return l.start > 0 && (a.b[l.start-1] == '"' || a.b[l.start-1] == '\'' || a.b[l.start-1] == '@')
}

// starred reports whether a value is masked with signs alone.
func starred(b []byte) bool {
	b = b[:min(len(b), 48)]
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		b = b[:i]
	}
	return bytes.Contains(b, []byte("****")) || bytes.Contains(b, []byte("####")) || bytes.Contains(b, []byte("..."))
}

// put sets a value of the block.
func (a *assembler) put(f fieldIndex, v *item) {
	a.open(f)
	a.blk.ids = a.blk.ids || f != stamp
	a.blk.vals[f] = value{present, v.flags, v.hi, v.lo}
}

// open makes room for a field: a block has each only once.
func (a *assembler) open(f fieldIndex) {
	if a.blk.vals[f].state != absent {
		a.flush()
	}
}

// stray places a value without a known label by the order that request,
// correlation and time have in every language. That is sound only where the
// values follow each other with no more between than a label could be, and
// never for an id that its words give to something else.
func (a *assembler) stray(items []item, i int) {
	it, vals := &items[i], &a.blk.vals
	if it.flags&suspended != 0 || !introduced(a.b, int(it.start)) {
		return
	}
	started := i > 0 && follows(&items[i-1], it) && (vals[request].ok() || vals[correlation].ok())
	rest := items[i+1:]
	switch {
	case it.kind == timeItem:
		if started && (len(rest) == 0 || !rest[0].isTime()) && vals[stamp].state == absent && it.flags&(noZone|fraction) == 0 {
			a.put(stamp, it)
		}
	case len(rest) == 0:
	case started:
		if vals[correlation].state == absent && vals[stamp].state == absent && follows(it, &rest[0]) && rest[0].isTime() {
			a.put(correlation, it)
		}
	case !a.blk.empty() || a.rec.labels():
	case a.rec.n > 0 && a.pairs(it, rest):
		a.put(request, it)
		a.put(correlation, &rest[0])
	case rest[0].label == correlationLabel && rest[0].flags&touching != 0 && it.ests():
		a.put(request, it)
	}
}

// pairs reports whether an id without a label and the next one are request
// and correlation: a time comes third, or their endings agree with the order.
func (a *assembler) pairs(it *item, rest []item) bool {
	next := &rest[0]
	if next.kind != guidItem || next.flags&suspended != 0 || !follows(it, next) || !introduced(a.b, int(next.start)) {
		return false
	}
	return len(rest) > 1 && rest[1].isTime() && follows(next, &rest[1]) || it.ests() && !next.ests()
}

func (it *item) isTime() bool {
	return it.kind == timeItem || it.kind == labelItem && it.label.wants() == timeItem
}

// ests reports whether an id ends like the request ids that Entra makes. Other
// ids do so once in 128, so it decides nothing alone.
func (it *item) ests() bool { return it.kind == guidItem && byte(it.lo) <= 1 }

// maxLabel is how long a label can be that is not known.
const maxLabel = 64

func follows(before, it *item) bool { return it.start-before.end <= maxLabel }

// introduced reports whether what stands before b[i] can be the end of a
// label, a colon, or there is nothing before it on its line.
func introduced(b []byte, i int) bool {
	for i--; i >= 0; i-- {
		switch b[i] {
		case ' ', '\t', '"', '`', '*', '<', '(', '[', '{', '|', '>', '-':
			continue
		case ':', '=', '\n':
			return true
		}
		return false
	}
	return true
}
