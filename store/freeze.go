package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"mfahelp/flows"
)

// recordFreeze stops resets, notes who lets them go on, or does, if the freeze
// is still the one that the flow read.
func (s *Store) recordFreeze(ctx context.Context, tx *sql.Tx, a flows.Answer, _ time.Time) error {
	if a.Freeze == nil {
		return nil
	}
	data, err := json.Marshal(a.Freeze)
	if err != nil {
		return err
	}
	err = one(ctx, tx, ErrConflict, `UPDATE freezes SET version = version + 1, is_on = $1, data = $2 WHERE version = $3`,
		btoi(a.Freeze.On), string(data), a.Freeze.Version)
	if err != nil {
		return fmt.Errorf("recording a freeze: %w", err)
	}
	return nil
}

// lifters is how many people it takes to end a freeze.
const lifters = 2

func checkFreeze(f flows.Freeze, wrong func(is bool, what, key string)) {
	who := map[string]bool{}
	for _, i := range f.Lifting {
		wrong(!i.Known(), "nobody known to lift the freeze", f.Why)
		who[i.Key()] = true
	}
	wrong(f.On && f.Since.IsZero(), "no time of the freeze", f.Why)
	wrong(!f.On && len(who) < lifters, "too few who lift the freeze", f.Why)
}

// Frozen returns whether resets are stopped.
func (s *Store) Frozen(ctx context.Context) (f flows.Freeze, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var version int
	var on int
	var data []byte
	err = s.ro.QueryRowContext(ctx, `SELECT version, is_on, data FROM freezes`).Scan(&version, &on, &data)
	if err == nil {
		err = json.Unmarshal(data, &f)
	}
	if err != nil {
		return flows.Freeze{On: true}, fmt.Errorf("reading the freeze: %w", err) // unknown is frozen
	}
	f.Version, f.On = version, on != 0
	return f, nil
}
