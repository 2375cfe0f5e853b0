package store

import (
	"context"
	"crypto/hmac"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A Head is the end of the audit trail at some time: who has it in a place of
// their own can tell afterwards whether the trail up to there is still the one
// that it was. Nobody without the key could have made its MAC.
type Head struct {
	Seq int64  // how many lines there are
	MAC string // of the last one; "" if there is none
}

// String is how a head is written down.
func (h Head) String() string { return strconv.FormatInt(h.Seq, 10) + ":" + h.MAC }

var headForm = regexp.MustCompile(`^([1-9][0-9]{0,17}):([0-9a-f]{64})$`)

// ParseHead reads what [Head.String] wrote.
func ParseHead(s string) (Head, error) {
	m := headForm.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return Head{}, errors.New("no head of an audit trail: it is a number, a colon, and 64 digits of 0-9 and a-f")
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	return Head{n, m[2]}, err
}

// Head returns the end of the trail, to be written down elsewhere.
func (s *Store) Head(ctx context.Context) (h Head, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err = s.ro.QueryRowContext(ctx, `SELECT c.n, COALESCE(a.mac, '') FROM counters c LEFT JOIN audit a ON a.seq = c.n WHERE c.name = 'audit'`).Scan(&h.Seq, &h.MAC)
	if err != nil {
		return h, fmt.Errorf("reading the head of the audit trail: %w", err)
	}
	return h, nil
}

// A Report is what [Store.Verify] has found.
type Report struct {
	Head    Head
	Unkeyed int64   // up to this line there was no key, so anybody could have written them
	Broken  []int64 // the lines that say that the program itself met a trail which had been cut
	Break   *Break  // the first thing that is not as it was written; nil if all is
}

// Sound reports whether the trail is the one that was written.
func (r Report) Sound() bool { return r.Break == nil && len(r.Broken) == 0 }

// A Break is a place where the trail is not what was written.
type Break struct {
	Seq int64
	Why Why
}

// Why says what is wrong with a line.
type Why string

// What may be wrong.
const (
	Altered   Why = "altered"   // it was changed, moved, or put there by who has no key
	Missing   Why = "missing"   // there are later ones
	Truncated Why = "truncated" // it was the last one, or one of the last
	Foreign   Why = "foreign"   // it was made with a key that was not given
	Surplus   Why = "surplus"   // it stands before the first or behind the last
	Another   Why = "another"   // it is another than the head that was written down
)

// Verify reads the whole trail and reports the first line that is not as it was
// written, by the keys that the store was opened with. Heads are what somebody
// wrote down of it: without one, a trail that was exchanged whole for an older
// copy of itself cannot be told.
func (s *Store) Verify(ctx context.Context, heads ...Head) (r Report, err error) {
	err = s.snapshot(ctx, func(tx *sql.Tx) error {
		v := verifier{keys: s.chain, want: map[int64]string{}}
		for _, h := range heads {
			v.want[h.Seq] = h.MAC
		}
		if err := eachLine(ctx, tx, func(l Line) error { v.line(l); return nil }); err != nil {
			return err
		}
		var seal string
		var n int64
		if err := tx.QueryRowContext(ctx, `SELECT n, seal FROM counters WHERE name = 'audit'`).Scan(&n, &seal); err != nil {
			return err
		}
		v.end(n, seal, heads)
		r = v.Report
		return nil
	})
	if err != nil {
		return Report{}, fmt.Errorf("verifying the audit trail: %w", err)
	}
	return r, nil
}

// A verifier has read the lines up to the head of its report.
type verifier struct {
	Report
	keys  chainKeys
	keyed bool
	want  map[int64]string
}

func (v *verifier) broke(seq int64, why Why) {
	if v.Break == nil {
		v.Break = &Break{seq, why}
	}
}

func (v *verifier) line(l Line) {
	key, known := v.keys.all[l.KeyID]
	if l.KeyID == unkeyed {
		key, known = newChainKey(noKey), !v.keyed // once there is a key, there always is
	}
	switch next := v.Head.Seq + 1; {
	case l.Seq < next:
		v.broke(l.Seq, Surplus)
	case l.Seq > next && l.Verb != auditBroken: // which says itself that some are gone
		v.broke(next, Missing)
	case !known:
		v.broke(l.Seq, Foreign)
	}
	if known && !hmac.Equal([]byte(l.MAC), []byte(key.line(v.Head.MAC, l))) {
		v.broke(l.Seq, Altered)
	}
	if mac, ok := v.want[l.Seq]; ok && mac != l.MAC {
		v.broke(l.Seq, Another)
	}
	if l.Verb == auditBroken {
		v.Broken = append(v.Broken, l.Seq)
	}
	if l.KeyID == unkeyed {
		v.Unkeyed = l.Seq
	} else {
		v.keyed = true
	}
	v.Head = Head{l.Seq, l.MAC}
}

// end holds the end of what was read to where it should be.
func (v *verifier) end(n int64, seal string, heads []Head) {
	id, _, _ := strings.Cut(seal, ":")
	key, known := v.keys.all[id]
	switch {
	case n > v.Head.Seq:
		v.broke(v.Head.Seq+1, Truncated)
	case n < v.Head.Seq:
		v.broke(n+1, Surplus)
	case !known || !hmac.Equal([]byte(seal), []byte(key.seal(v.Head.Seq, v.Head.MAC))):
		v.broke(v.Head.Seq+1, Truncated)
	}
	for _, h := range heads {
		if h.Seq > v.Head.Seq {
			v.broke(v.Head.Seq+1, Truncated)
		}
	}
}

// snapshot runs f on what there is at one moment.
func (s *Store) snapshot(ctx context.Context, f func(*sql.Tx) error) error {
	o := &sql.TxOptions{ReadOnly: true}
	if !s.eng.single {
		o.Isolation = sql.LevelRepeatableRead
	}
	tx, err := s.ro.BeginTx(ctx, o)
	if err != nil {
		return err
	}
	return errors.Join(f(tx), ignoreDone(tx.Rollback()))
}

// eachLine hands every line of the trail to f, in their order.
func eachLine(ctx context.Context, q querier, f func(Line) error) error {
	const atOnce = 1000
	after := int64(-1 << 62) // there is none below 1, unless somebody put it there
	for {
		lines, err := trail(ctx, q, after, atOnce)
		if err != nil {
			return err
		}
		for _, l := range lines {
			if err := f(l); err != nil {
				return err
			}
			after = l.Seq
		}
		if len(lines) < atOnce {
			return nil
		}
	}
}

// exported is a line as others read it. Its names stay, whatever becomes of the
// type: people keep these files.
type exported struct {
	Seq      int64     `json:"seq"`
	At       time.Time `json:"at"`
	Key      string    `json:"key"`
	ByTenant string    `json:"by_tenant,omitempty"`
	ByObject string    `json:"by_object,omitempty"`
	Case     string    `json:"case,omitempty"`
	Verb     string    `json:"verb"`
	Object   string    `json:"object,omitempty"`
	Result   string    `json:"result,omitempty"`
	KeyID    string    `json:"key_id"`
	MAC      string    `json:"mac"`
}

// Export writes the whole trail, one line of JSON for each of its own.
func (s *Store) Export(ctx context.Context, to io.Writer) error {
	err := s.snapshot(ctx, func(tx *sql.Tx) error {
		enc := json.NewEncoder(to)
		enc.SetEscapeHTML(false)
		return eachLine(ctx, tx, func(l Line) error {
			return enc.Encode(exported{l.Seq, l.At, l.Key, l.By.Tenant, l.By.ObjectID, l.Case, l.Verb, l.Object, l.Result, l.KeyID, l.MAC})
		})
	})
	if err != nil {
		return fmt.Errorf("exporting the audit trail: %w", err)
	}
	return nil
}
