package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"modernc.org/sqlite" // the driver "sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// An engine is a database that a store can be kept in, and all that differs
// between them.
type engine struct {
	write, read *sql.DB
	river       riverdriver.Driver[*sql.Tx]
	goose       goose.Dialect
	single      bool          // one process has it to itself, so a claim does not outlive that
	runFile     string        // locked by who runs, if only one may
	line        chan struct{} // where those wait who write, if only one can; nil otherwise
	closers     []func() error
}

// queue lets those who write come one by one, in their order: a pool of
// connections picks anybody. Who accepts events does not queue, and so waits
// for one transaction at most, however many workers there are.
func (e *engine) queue(ctx context.Context, write func() error) error {
	if e.line == nil {
		return write()
	}
	select {
	case e.line <- struct{}{}:
		defer func() { <-e.line }()
		return write()
	case <-ctx.Done():
		return ctx.Err()
	}
}

func openEngine(ctx context.Context, o Options) (*engine, error) {
	switch scheme, rest, _ := strings.Cut(o.URL, ":"); scheme {
	case "sqlite":
		return openSQLite(rest, o.Existing, o.Unsynced)
	case "postgres", "postgresql":
		return openPostgres(ctx, o.URL)
	default:
		return nil, fmt.Errorf("opening the store: %q is a scheme other than sqlite and postgres", scheme)
	}
}

func (e *engine) close() error {
	var err error
	for _, f := range e.closers {
		err = errors.Join(err, f())
	}
	return err
}

// The pragmas of SQLite. FULL, since with NORMAL a loss of power takes the last
// transactions with it, although they were acknowledged.
const (
	pragmas      = "?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=secure_delete(1)&_txlock=immediate"
	readPragmas  = "?mode=ro&_pragma=busy_timeout(5000)&_pragma=query_only(1)"
	noSync       = "&_pragma=synchronous(OFF)" // after the others; see Options.Unsynced
	sqliteReader = 4                           // connections that only read
)

// makeFile makes a file for its owner alone, unless it is there: it holds what
// people pasted, and the journal beside it gets the same permissions. The
// folder it does not make: where a disk is missing, an empty store in its place
// would know of no freeze, and of nothing that is under way.
func makeFile(path string) error {
	if _, err := os.Stat(filepath.Dir(path)); errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("the folder %s is not there; make it, or mount the disk that it is on: %w", filepath.Dir(path), os.ErrNotExist)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func openSQLite(path string, existing, unsynced bool) (e *engine, err error) {
	if path == "" || strings.HasPrefix(path, ":") {
		return nil, errors.New("opening the store: sqlite: needs the path of a file")
	}
	if existing {
		_, err = os.Stat(path)
	} else {
		err = makeFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	file := "file:" + (&url.URL{Path: path}).EscapedPath()
	e = &engine{goose: goose.DialectSQLite3, single: true, runFile: file + ".run", line: make(chan struct{}, 1)}
	writing := file + pragmas
	if unsynced {
		writing += noSync
	}
	if e.write, err = sql.Open("sqlite", writing); err != nil {
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	e.write.SetMaxOpenConns(1)
	if e.read, err = sql.Open("sqlite", file+readPragmas); err != nil {
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	e.read.SetMaxOpenConns(sqliteReader)
	e.read.SetMaxIdleConns(sqliteReader)
	e.river = riversqlite.New(e.write)
	e.closers = []func() error{e.read.Close, e.write.Close}
	return e, nil
}

// openPostgres has no pool for reading: Postgres lets many write at once.
func openPostgres(ctx context.Context, address string) (*engine, error) {
	db, err := sql.Open("pgx", address)
	if err != nil {
		return nil, errors.New("opening the store: the postgres address cannot be read") // the error would show its password
	}
	db.SetMaxOpenConns(16)
	db.SetMaxIdleConns(16)
	conf, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, errors.Join(errors.New("opening the store: the postgres address cannot be read"), db.Close())
	}
	conf.MinConns, conf.MaxConns = 0, 1 // River takes one connection, to listen
	pool, err := pgxpool.NewWithConfig(ctx, conf)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening the store: %w", err), db.Close())
	}
	return &engine{
		write: db, read: db, goose: goose.DialectPostgres,
		river:   riverdatabasesql.NewWithPgxListener(db, pool),
		closers: []func() error{func() error { pool.Close(); return nil }, db.Close},
	}, nil
}

// lock keeps others from running on the same file until unlock, or until this
// program is no more: it is SQLite's own lock, of an empty file beside ours.
func (e *engine) lock(ctx context.Context) (unlock func(), err error) {
	db, err := sql.Open("sqlite", e.runFile+"?_txlock=exclusive")
	if err != nil {
		return nil, fmt.Errorf("locking the store: %w", err)
	}
	tx, err := db.BeginTx(context.WithoutCancel(ctx), nil)
	if transient(err) {
		err = ErrRunning
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("locking the store: %w", err), db.Close())
	}
	return func() { _, _ = tx.Rollback(), db.Close() }, nil
}

// transient reports whether a transaction failed only because of another one,
// so that it may succeed if it is run again.
func transient(err error) bool {
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		return lite.Code()&0xff == sqlite3.SQLITE_BUSY
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == "40001" || pg.Code == "40P01" // serialization failure, deadlock
	}
	return false
}
