package aadsts

import "time"

// readTime reads a date and a time of day at b[i]; end is 0 if there is none
// or if it is no day of the calendar. A loose one may be broken by white space
// and may have its day first.
//
// Known forms: 2023-12-01T01:01:11Z on a page, 2016-01-09 02:02:12Z in a token
// error, 2025-12-16T09:58:44.000Z in an Office dialog, seven digits of a
// second from Graph, 23-12-2021 08:28:53Z and 2023-11-20 13-20-31Z in
// translations, and with an offset in what passes through other programs.
func readTime(b []byte, i int, loose bool) (sec int64, fl flags, end int) {
	r := reader{b: b, i: i, loose: loose}
	year, month, day := r.date()
	if r.bad {
		return 0, 0, 0 // most numbers end here
	}
	if r.dateEnd() {
		fl |= iso
	}
	hour := r.two()
	r.sep()
	minute := r.two()
	r.sep()
	second := r.two()
	if r.bad || r.i < len(b) && isDigit(b[r.i]) {
		return 0, 0, 0
	}
	if r.fraction() {
		fl |= fraction
	}
	offset, ok := r.zone()
	if !ok {
		fl |= noZone
	}
	if r.bad || !endsValue(b, r.i) {
		return 0, 0, 0
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	if year < 2000 || year > 2099 || t.Day() != day || int(t.Month()) != month || hour > 23 || minute > 59 || second > 59 {
		return 0, 0, 0
	}
	return t.Unix() - int64(offset), fl, r.i
}

// A reader takes a time apart; bad is set once and stays.
type reader struct {
	b     []byte
	i     int
	loose bool
	bad   bool
}

// peek is the next byte that counts, 0 at the end.
func (r *reader) peek() byte {
	if r.loose {
		r.i = gap(r.b, r.i)
	}
	if r.i == len(r.b) {
		return 0
	}
	return r.b[r.i]
}

func (r *reader) digit() int {
	c := r.peek()
	if r.bad || !isDigit(c) {
		r.bad = true
		return 0
	}
	r.i++
	return int(c - '0')
}

func (r *reader) two() int { return r.digit()*10 + r.digit() }

// sep takes what stands between hours, minutes and seconds.
func (r *reader) sep() {
	if c := r.peek(); c == ':' || c == '-' || c == '.' {
		r.i++
		return
	}
	r.bad = true
}

// date takes 2021-12-23, 2021/12/23, 23-12-2021, 23.12.2021, or with slashes
// where no month could be meant by the day.
func (r *reader) date() (year, month, day int) {
	first := r.two()
	c := r.peek()
	if isDigit(c) {
		year = first*100 + r.two()
		c = r.dateSep()
		month = r.two()
		if r.dateSep() != c {
			r.bad = true
		}
		return year, month, r.two()
	}
	c = r.dateSep()
	second := r.two()
	if r.dateSep() != c || !r.loose {
		r.bad = true
	}
	year = r.two()*100 + r.two()
	switch {
	case c != '/' || first > 12 || first == second:
		return year, second, first
	case second > 12:
		return year, first, second
	}
	r.bad = true // 05/04: nobody knows
	return 0, 0, 0
}

func (r *reader) dateSep() byte {
	c := r.peek()
	if c != '-' && c != '/' && c != '.' {
		r.bad = true
		return 0
	}
	r.i++
	return c
}

// dateEnd takes what stands between day and time, white space, a plus sign of
// an address, a comma or T, and reports whether it is a T. Copying a wrapped
// line may leave nothing.
func (r *reader) dateEnd() (iso bool) {
	start := r.i
	r.i = gap(r.b, r.i)
	if r.i < len(r.b) {
		switch r.b[r.i] {
		case 'T', 't':
			iso = true
			r.i++
		case '+', ',', '_':
			r.i++
			if r.i < len(r.b) && r.b[r.i] == ' ' {
				r.i++
			}
		}
	}
	if r.i == start && !r.loose {
		r.bad = true
	}
	return iso
}

// fraction takes a part of a second and reports whether it is more than zero.
func (r *reader) fraction() bool {
	some := false
	if r.i+1 < len(r.b) && (r.b[r.i] == '.' || r.b[r.i] == ',') && isDigit(r.b[r.i+1]) {
		for r.i++; r.i < len(r.b) && isDigit(r.b[r.i]); r.i++ {
			some = some || r.b[r.i] != '0'
		}
	}
	return some
}

// zone takes Z, UTC, GMT or an offset, which it returns in seconds.
func (r *reader) zone() (offset int, ok bool) {
	i := r.i
	for i < len(r.b) && r.b[i] == ' ' && i-r.i < 3 {
		i++
	}
	rest := r.b[i:]
	switch {
	case len(rest) >= 1 && rest[0]|0x20 == 'z' && (len(rest) == 1 || endsValue(rest, 1)):
		r.i = i + 1
		return 0, true
	case len(rest) >= 3 && (string(rest[:3]) == "UTC" || string(rest[:3]) == "GMT"):
		r.i = i + 3
		return 0, true
	case len(rest) >= 5 && (rest[0] == '+' || rest[0] == '-') && isDigit(rest[1]):
		return r.offset(i)
	}
	return 0, false
}

// offset takes +02:00 or +0200, and the name after +0000 UTC.
func (r *reader) offset(i int) (seconds int, ok bool) {
	z := reader{b: r.b, i: i + 1}
	h := z.two()
	if z.peek() == ':' {
		z.i++
	}
	m := z.two()
	if z.bad || h > 14 || m > 59 {
		r.bad = true
		return 0, false
	}
	seconds = h*3600 + m*60
	if r.b[i] == '-' {
		seconds = -seconds
	}
	r.i = z.i
	if end := r.i + 4; end <= len(r.b) && string(r.b[r.i:end]) == " UTC" {
		r.i = end
	}
	return seconds, true
}
