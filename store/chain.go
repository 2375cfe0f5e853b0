package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"mfahelp/flows"
	"mfahelp/secret"
)

// The audit trail is a chain: every line has a mac over all that is in it, its
// number, and the mac of the line before. So none can be changed, moved, put in
// between or taken out but by who has the key. That none was taken off the end
// is told by the seal, a mac over the number and the mac of the last line, which
// stands in the row of the counter; and that not all of it was exchanged for an
// older copy, by a [Head] that somebody wrote down elsewhere.

// A chainKey is a key of the chain, and the name that lines say they were made
// with. The name tells nothing of the key.
type chainKey struct {
	id  string
	key []byte
}

// unkeyed is the name of no key: the chain then tells slips from what was
// written, and no attacker, who can make one of their own.
const unkeyed = "none"

func newChainKey(t secret.Text) chainKey {
	k := chainKey{id: unkeyed, key: []byte(t.Reveal())}
	if len(k.key) > 0 {
		k.id = k.mac("mfahelp audit key")[:16]
	}
	return k
}

// mac is over what it is for and values, each with its length before it, so that
// no other values are written alike. They are strings and numbers.
func (k chainKey) mac(what string, values ...any) string {
	h := hmac.New(sha256.New, k.key)
	write := func(b []byte) { // a hash never fails
		_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(b))))
		_, _ = h.Write(b)
	}
	write([]byte(what))
	for _, v := range values {
		switch v := v.(type) {
		case string:
			write([]byte(v))
		case int64:
			write(binary.BigEndian.AppendUint64(nil, uint64(v)))
		default:
			panic(fmt.Sprintf("store: a mac over a %T", v)) // unreachable: the calls are below
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// line is the mac of l after the line with another.
func (k chainKey) line(before string, l Line) string {
	return k.mac("mfahelp audit line 1", k.id, before, l.Seq, l.Key, micros(l.At), l.By.Tenant, l.By.ObjectID, l.Case, l.Verb, l.Object, l.Result)
}

// seal is what stands in the counter when the last line is number n with a mac.
func (k chainKey) seal(n int64, last string) string {
	return k.id + ":" + k.mac("mfahelp audit head 1", k.id, n, last)
}

// chainKeys are the key that lines are made with now, and those before it.
type chainKeys struct {
	chainKey
	all map[string]chainKey
}

func newChainKeys(now secret.Text, former []secret.Text) chainKeys {
	k := chainKeys{newChainKey(now), map[string]chainKey{}}
	for _, t := range append([]secret.Text{now}, former...) {
		one := newChainKey(t)
		k.all[one.id] = one
	}
	return k
}

var (
	// errBroken is met by who appends: the trail does not end as its seal
	// says. [Store.tx] then mends it and runs the transaction once more.
	errBroken = errors.New("the audit trail does not end as its seal says")

	// ErrAuditKey says that the audit trail goes on with another key than
	// those that the store was opened with.
	ErrAuditKey = errors.New("the audit trail was written with another key")
)

// A tail is the end of the trail while a transaction appends to it. Who has it
// keeps others waiting until the end of the transaction.
type tail struct {
	n   int64
	mac string // of line n
}

// tail returns the end of the trail, if it is as it was left.
func (s *Store) tail(ctx context.Context, tx *sql.Tx) (tail, error) {
	return tailBy(ctx, tx, s.chain.all)
}

func tailBy(ctx context.Context, tx *sql.Tx, keys map[string]chainKey) (t tail, err error) {
	var seal string
	if err := tx.QueryRowContext(ctx, `UPDATE counters SET n = n WHERE name = 'audit' RETURNING n, seal`).Scan(&t.n, &seal); err != nil {
		return t, err
	}
	if t.n > 0 {
		err = tx.QueryRowContext(ctx, `SELECT mac FROM audit WHERE seq = $1`, t.n).Scan(&t.mac)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return t, err
		}
	}
	id, _, _ := strings.Cut(seal, ":")
	key, known := keys[id]
	switch {
	case !known:
		return t, ErrAuditKey
	case !hmac.Equal([]byte(seal), []byte(key.seal(t.n, t.mac))):
		return t, errBroken
	}
	return t, nil
}

// append adds e, unless its key is on record, and reports whether it did.
func (s *Store) append(ctx context.Context, tx *sql.Tx, t *tail, e flows.Entry, now time.Time) (bool, error) {
	l := normal(Line{Seq: t.n + 1, Entry: e, KeyID: s.chain.id}, now)
	l.MAC = s.chain.line(t.mac, l)
	n, err := change(ctx, tx, `INSERT INTO audit (seq, key, at, by_tenant, by_object, case_key, verb, object, result, key_id, mac)
		VALUES `+values(1, 11)+` ON CONFLICT (key) DO NOTHING`,
		l.Seq, l.Key, micros(l.At), l.By.Tenant, l.By.ObjectID, l.Case, l.Verb, l.Object, l.Result, l.KeyID, l.MAC)
	if err != nil || n == 0 {
		return false, err
	}
	t.n, t.mac = l.Seq, l.MAC
	return true, nil
}

// normal is l as it can be read again, which is what its mac is over.
func normal(l Line, now time.Time) Line {
	if l.At.IsZero() {
		l.At = now
	}
	l.At = moment(micros(l.At))
	l.By.Tenant, l.By.ObjectID = directoryKey(l.By)
	for _, text := range []*string{&l.Key, &l.By.Tenant, &l.By.ObjectID, &l.Case, &l.Verb, &l.Object, &l.Result} {
		*text = storable(*text)
	}
	return l
}

// seal marks that the trail ends where t does.
func (s *Store) seal(ctx context.Context, tx *sql.Tx, t tail) error {
	return one(ctx, tx, errCounter, `UPDATE counters SET n = $1, seal = $2 WHERE name = 'audit'`, t.n, s.chain.seal(t.n, t.mac))
}

var errCounter = errors.New("the audit trail has lost its counter")

// mend goes on with a trail that somebody has cut or changed at its end. The
// next line says so, and cannot be taken away in its turn without another like
// it; all resets are stopped, since who writes to the database could approve
// them. The rest goes on: who wants us silent could have silence more easily.
func (s *Store) mend(ctx context.Context) error {
	now := s.now()
	err := s.once(ctx, func(ctx context.Context, tx *sql.Tx) error {
		t, err := s.tail(ctx, tx)
		if !errors.Is(err, errBroken) {
			return err
		}
		said := t.n
		var last int64
		if err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(seq), 0) FROM audit`).Scan(&last); err != nil {
			return err
		}
		t = tail{n: max(said, last)}
		if last > 0 {
			if err := tx.QueryRowContext(ctx, `SELECT mac FROM audit WHERE seq = $1`, last).Scan(&t.mac); err != nil {
				return err
			}
		}
		next := strconv.FormatInt(t.n+1, 10)
		_, err = s.append(ctx, tx, &t, flows.Entry{Key: "audit/broken/" + next, Verb: auditBroken, Object: fmt.Sprintf("%d of %d", last, said), Result: "frozen"}, now)
		if err != nil {
			return err
		}
		if err := s.freezeNow(ctx, tx, now, "reset.frozen.by-audit"); err != nil {
			return err
		}
		return s.seal(ctx, tx, t)
	})
	s.log.Error("somebody has tampered with the audit trail; resets are stopped", zap.Error(err))
	s.opts.Observe(Note{At: now, What: AuditBroken, Error: errors.Join(errBroken, err)})
	return err
}

// auditBroken is the verb of the line that says that those before it are not as
// they were left.
const auditBroken = "audit.broken"

// freezeNow stops resets, whatever anybody has read, and has the admins told.
func (s *Store) freezeNow(ctx context.Context, tx *sql.Tx, now time.Time, why string) error {
	data, err := json.Marshal(flows.Freeze{On: true, Since: now, Why: why})
	if err != nil {
		return err
	}
	n, err := change(ctx, tx, `UPDATE freezes SET is_on = 1, version = version + 1, data = $1 WHERE is_on = 0`, string(data))
	if err != nil || n == 0 {
		return err // they know
	}
	return s.recordLater(ctx, tx, now, flows.SayFrozen(now))
}

// checkKey refuses to open a store whose trail goes on with a key that nobody
// gave. A trail without one goes on with the first that is given, which cannot
// vouch for what was before: that is on record, and [Store.Verify] tells.
func (s *Store) checkKey(ctx context.Context) error {
	return s.tx(ctx, "opening the audit trail", func(ctx context.Context, tx *sql.Tx) error {
		if s.chain.id != unkeyed {
			t, err := tailBy(ctx, tx, map[string]chainKey{unkeyed: newChainKey(noKey)})
			if err == nil {
				return s.giveKey(ctx, tx, t)
			}
			if !errors.Is(err, ErrAuditKey) {
				return err
			}
		}
		_, err := s.tail(ctx, tx)
		return err
	})
}

// noKey is the key of who has none.
var noKey secret.Text

// giveKey goes on with a key after t, which was written without one.
func (s *Store) giveKey(ctx context.Context, tx *sql.Tx, t tail) error {
	if t.n == 0 {
		return s.seal(ctx, tx, t)
	}
	s.log.Warn("the audit trail has a key from now on; its first lines were written without one", zap.Int64("lines", t.n))
	e := flows.Entry{Key: "audit/keyed", Verb: "audit.keyed", Object: strconv.FormatInt(t.n, 10), Result: "done"}
	if _, err := s.append(ctx, tx, &t, e, s.now()); err != nil {
		return err
	}
	return s.seal(ctx, tx, t)
}

// chainOld makes a chain of the lines that were written before there was one,
// with the key of who opens the store first: what was done to them until then
// cannot be told any more.
func (s *Store) chainOld(ctx context.Context, tx *sql.Tx) error {
	var t tail
	err := eachLine(ctx, tx, func(l Line) error {
		l.KeyID = s.chain.id
		mac := s.chain.line(t.mac, l)
		t = tail{l.Seq, mac}
		return one(ctx, tx, errCounter, `UPDATE audit SET key_id = $1, mac = $2 WHERE seq = $3`, l.KeyID, mac, l.Seq)
	})
	if err != nil {
		return err
	}
	return s.seal(ctx, tx, t)
}
