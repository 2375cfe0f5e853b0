package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
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
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	ours, err := goose.NewProvider(s.eng.goose, s.db, files, goose.WithDisableGlobalRegistry(true), goose.WithGoMigrations(s.eng.onlyGrows()))
	if err != nil {
		return err
	}
	_, err = ours.Up(ctx)
	return err
}

// onlyGrows has the database itself refuse to change the audit trail. No two
// engines say that alike.
func (e *engine) onlyGrows() *goose.Migration {
	up := []string{
		`CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END`,
		`CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END`,
	}
	down := []string{`DROP TRIGGER audit_no_update`, `DROP TRIGGER audit_no_delete`}
	if e.goose == goose.DialectPostgres {
		up = []string{
			`CREATE FUNCTION audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the audit trail only grows'; END $$`,
			`CREATE TRIGGER audit_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_only_grows()`,
		}
		down = []string{`DROP TRIGGER audit_only_grows ON audit`, `DROP FUNCTION audit_only_grows()`}
	}
	return goose.NewGoMigration(2, &goose.GoFunc{RunTx: statements(up)}, &goose.GoFunc{RunTx: statements(down)})
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
