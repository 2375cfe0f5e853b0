package store

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestSQLite and TestPostgres hold each engine to the same contract.
func TestSQLite(t *testing.T) {
	template := filepath.Join(t.TempDir(), "template.db")
	if s, err := Open(t.Context(), Options{URL: "sqlite:" + template}); err != nil {
		t.Fatal(err)
	} else if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	migrated, err := os.ReadFile(template)
	if err != nil {
		t.Fatal(err)
	}
	contract(t, func(t *testing.T) string {
		file := filepath.Join(t.TempDir(), "store.db")
		if err := os.WriteFile(file, migrated, 0o600); err != nil {
			t.Fatal(err)
		}
		return "sqlite:" + file
	})
}

// TestPostgres is skipped where there is no Postgres, but in CI, where that is a
// failure.
func TestPostgres(t *testing.T) { contract(t, needPostgres(t).database) }

// TestPostgresTogether opens an empty one from several programs at once.
func TestPostgresTogether(t *testing.T) {
	p := needPostgres(t)
	if err := p.exec("CREATE DATABASE together"); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			s, err := Open(t.Context(), Options{URL: p.url("together")})
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func needPostgres(t *testing.T) *postgres {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a server")
	}
	if postgresBin() == "" && os.Getenv("CI") != "true" {
		t.Skip("no PostgreSQL in /usr/lib/postgresql; ./scripts/setup brings it")
	}
	p, err := thePostgres()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// postgresBin is where Debian keeps the programs of the newest PostgreSQL that is
// installed, or "" if none is.
func postgresBin() string {
	all, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // there is nothing wrong with the pattern
	if len(all) == 0 {
		return ""
	}
	return slices.MaxFunc(all, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) })
}

// A postgres is a server of our own, on a socket in a directory of our own.
type postgres struct {
	dir     string
	cmd     *exec.Cmd
	made    atomic.Int64
	prepare func() error // makes the database that all others are copies of
}

// thePostgres is started once, for whoever needs it first; TestMain stops it.
var thePostgres = sync.OnceValues(startPostgres)

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperEnv); dir != "" {
		helper(dir)
	}
	code := m.Run()
	stopPostgres()
	os.Exit(code)
}

var running1 *postgres // what stopPostgres stops

func startPostgres() (*postgres, error) {
	dir, err := os.MkdirTemp("", "pg") // short, since the path of a socket must be
	if err != nil {
		return nil, err
	}
	as, err := notRoot(dir)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	initdb := exec.Command(filepath.Join(postgresBin(), "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8", "--locale=C.UTF-8")
	initdb.SysProcAttr, initdb.Dir = as, dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	cmd := exec.Command(filepath.Join(postgresBin(), "postgres"), "-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200")
	cmd.SysProcAttr, cmd.Dir = as, dir
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &postgres{dir: dir, cmd: cmd}
	p.prepare = sync.OnceValue(p.makeTemplate)
	running1 = p
	return p, p.await()
}

// notRoot returns how to start Postgres, which refuses to be root, and gives it
// dir. The server ends with us, even if we are killed.
func notRoot(dir string) (*syscall.SysProcAttr, error) {
	as := &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if os.Getuid() != 0 {
		return as, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return nil, err
	}
	as.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return as, os.Chown(dir, uid, gid)
}

func (p *postgres) url(database string) string {
	return "postgres:///" + database + "?user=postgres&host=" + p.dir
}

// await returns when the server answers. It tells nobody when it does, so there
// is nothing but to ask.
func (p *postgres) await() (err error) {
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) { //nolint:forbidigo // see above
		if err = p.exec("SELECT 1"); err == nil {
			return nil
		}
	}
	return err
}

func (p *postgres) exec(query string) error {
	db, err := sql.Open("pgx", p.url("postgres"))
	if err != nil {
		return err
	}
	_, err = db.Exec(query)
	return errors.Join(err, db.Close())
}

func (p *postgres) makeTemplate() error {
	if err := p.exec("CREATE DATABASE template_store"); err != nil {
		return err
	}
	s, err := Open(context0, Options{URL: p.url("template_store")})
	if err != nil {
		return err
	}
	return s.Close()
}

// database makes one that is already migrated.
func (p *postgres) database(t *testing.T) string {
	if err := p.prepare(); err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprint("store", p.made.Add(1))
	if err := p.exec("CREATE DATABASE " + name + " TEMPLATE template_store"); err != nil {
		t.Fatal(err)
	}
	return p.url(name)
}

func stopPostgres() {
	if running1 == nil {
		return
	}
	_ = running1.cmd.Process.Signal(syscall.SIGQUIT)
	_ = running1.cmd.Wait()
	_ = os.RemoveAll(running1.dir)
}
