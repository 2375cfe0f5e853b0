package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings River's tables and ours up to this release, one program at a
// time.
func (s *Store) migrate(ctx context.Context) error {
	if s.eng.single {
		return s.up(ctx)
	}
	lock, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	if _, err := lock.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, migrationLock); err != nil {
		return err
	}
	err = s.up(ctx)
	_, unlocked := lock.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, migrationLock)
	return errors.Join(err, unlocked)
}

// migrationLock is our number among Postgres' locks: "mfahelp" in ASCII.
const migrationLock = 0x6d666168656c70

func (s *Store) up(ctx context.Context) error {
	theirs, err := rivermigrate.New(s.eng.river, &rivermigrate.Config{Logger: s.slog()})
	if err != nil {
		return err
	}
	if _, err := theirs.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	ours, err := s.ours()
	if err != nil {
		return err
	}
	_, err = ours.Up(ctx)
	return err
}

// ours are the migrations of our own tables.
func (s *Store) ours() (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(s.eng.goose, s.db, files, goose.WithDisableGlobalRegistry(true), goose.WithGoMigrations(s.eng.onlyGrows(), s.chained()))
}

// current refuses a store of another release. It only reads.
func (s *Store) current(ctx context.Context) error {
	ours, err := s.ours()
	if err != nil {
		return err
	}
	var is int64
	err = s.ro.QueryRowContext(ctx, `SELECT COALESCE(MAX(version_id), -1) FROM `+goose.DefaultTablename+` WHERE is_applied = $1`, true).Scan(&is)
	if err != nil {
		return fmt.Errorf("opening the store: there is none yet, or it is of another kind: %w", err)
	}
	if all := ours.ListSources(); is != all[len(all)-1].Version {
		return ErrRelease
	}
	return nil
}

// onlyGrows has the database itself refuse to change the audit trail.
func (e *engine) onlyGrows() *goose.Migration {
	up, down := e.triggers()
	return goose.NewGoMigration(2, &goose.GoFunc{RunTx: statements(up)}, &goose.GoFunc{RunTx: statements(down)})
}

// chained makes a chain of the lines that were there before it. That takes the
// key, and it is the last time that a line is changed.
func (s *Store) chained() *goose.Migration {
	guard, free := s.eng.triggers()
	up := func(ctx context.Context, tx *sql.Tx) error {
		for _, f := range []func(context.Context, *sql.Tx) error{statements(free), s.chainOld, statements(guard)} {
			if err := f(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	}
	nothing := func(context.Context, *sql.Tx) error { return nil } // the columns go with 00003
	return goose.NewGoMigration(4, &goose.GoFunc{RunTx: up}, &goose.GoFunc{RunTx: nothing})
}

// triggers are the statements that guard the audit trail, and those that stop
// that. No two engines say it alike.
func (e *engine) triggers() (up, down []string) {
	up = []string{
		`CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END`,
		`CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END`,
	}
	down = []string{`DROP TRIGGER audit_no_update`, `DROP TRIGGER audit_no_delete`}
	if e.goose == goose.DialectPostgres {
		up = []string{
			`CREATE FUNCTION audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the audit trail only grows'; END $$`,
			`CREATE TRIGGER audit_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_only_grows()`,
		}
		down = []string{`DROP TRIGGER audit_only_grows ON audit`, `DROP FUNCTION audit_only_grows()`}
	}
	return up, down
}

func statements(all []string) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		for _, s := range all {
			if _, err := tx.ExecContext(ctx, s); err != nil {
				return err
			}
		}
		return nil
	}
}
