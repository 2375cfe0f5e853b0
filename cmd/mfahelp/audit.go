package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"time"

	"mfahelp/config"
	"mfahelp/flows"
	"mfahelp/store"
)

// auditCmd reads the audit trail of an installation. It may be used while the
// program runs: nothing is changed.
type auditCmd struct {
	Verify auditVerifyCmd `cmd:"" help:"Check that nobody has changed, removed, moved or cut anything."`
	Export auditExportCmd `cmd:"" help:"Print all of it, one JSON object in each line."`
}

// auditVerifyCmd finds the first entry that is not as it was written.
type auditVerifyCmd struct {
	Config string   `required:"" type:"path" placeholder:"FILE" help:"The configuration. It names the store, and where the key of the trail is."`
	Head   []string `placeholder:"N:MAC" help:"A head of the trail that was written down before. Only with one can it be told that the whole trail was exchanged for an older copy. May be repeated."`
}

// Help says what the exit codes mean.
func (auditVerifyCmd) Help() string {
	return `Every entry has a code over all that is in it and over the entry before, made with audit.key. The first one that is not as it was written is named by its number. Write down the head that is printed, in a place that this machine cannot write to, and give it the next time. It alone goes to standard output. Of the secrets in the configuration only audit.key is needed.

It ends with 0 if all is as it was written, with 1 if it is not, or if it could not be read, and with 2 if the command line makes no sense.

Examples:

  mfahelp audit verify --config mfahelp.yaml > head.txt
  mfahelp audit verify --config mfahelp.yaml --head "$(cat head.txt)"`
}

// Run prints what was found.
func (c *auditVerifyCmd) Run(ctx context.Context, std streams) error {
	var heads []store.Head
	for _, h := range c.Head {
		head, err := store.ParseHead(h)
		if err != nil {
			return fmt.Errorf("--head %q: %w", h, err)
		}
		heads = append(heads, head)
	}
	cfg, s, err := existing(ctx, c.Config)
	if err != nil {
		return err
	}
	r, err := s.Verify(ctx, heads...)
	if err := errors.Join(err, s.Close()); err != nil {
		return err
	}
	if cfg.Audit.Key.Reveal() == "" {
		fmt.Fprintln(std.err, "mfahelp: there is no audit.key, so this finds slips, and nobody who meant it: they could have made the codes anew")
	} else if r.Unkeyed > 0 {
		fmt.Fprintf(std.err, "mfahelp: entries up to %d were written before there was an audit.key, and anybody could have made them\n", r.Unkeyed)
	}
	for _, n := range r.Broken {
		fmt.Fprintf(std.err, "mfahelp: entry %d says that the program itself met a trail which had been cut or changed, and stopped all resets\n", n)
	}
	switch {
	case r.Break != nil:
		return fmt.Errorf("the audit trail is not as it was written: entry %d %s", r.Break.Seq, whys[r.Break.Why])
	case len(r.Broken) > 0:
		return errors.New("the audit trail was cut or changed before the entries above; what follows them is as it was written")
	case r.Head.Seq == 0:
		fmt.Fprintln(std.err, "The audit trail is empty.")
		return nil
	}
	fmt.Fprintf(std.err, "All %d entries are as they were written. The head is\n", r.Head.Seq)
	fmt.Fprintln(std.out, r.Head)
	return nil
}

// whys say what is wrong with an entry.
var whys = map[store.Why]string{
	store.Altered:   "was changed, moved, or written by somebody without the key",
	store.Missing:   "is missing",
	store.Truncated: "is missing, and with it all that came after it",
	store.Foreign:   "was written with a key that is neither audit.key nor one of audit.former_keys",
	store.Surplus:   "stands outside of the trail",
	store.Another:   "is another than the head that was given",
}

// auditExportCmd prints the whole trail for other programs.
type auditExportCmd struct {
	Config string `required:"" type:"path" placeholder:"FILE" help:"The configuration."`
}

// Help shows how it is used.
func (auditExportCmd) Help() string {
	return `The entries are ids and no words of anybody's: at, by_tenant, by_object, case, verb, object, result; seq, key, key_id and mac say where an entry stands in the trail. It is read at one moment, even while the program runs, and is not checked: see "mfahelp audit verify".

Examples:

  mfahelp audit export --config mfahelp.yaml > audit.jsonl
  mfahelp audit export --config mfahelp.yaml | grep '"verb":"effect'`
}

// Run writes it to standard output.
func (c *auditExportCmd) Run(ctx context.Context, std streams) error {
	_, s, err := existing(ctx, c.Config)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(std.out)
	return errors.Join(s.Export(ctx, out), out.Flush(), s.Close())
}

// freezeCmd stops all resets.
type freezeCmd struct {
	Config string `required:"" type:"path" placeholder:"FILE" help:"The configuration."`
}

// Help says how they go on again.
func (freezeCmd) Help() string {
	return `No reset is begun from then on, and of one that was begun nothing more is done but what takes something away from an attacker: sessions are revoked, and passes deleted. It works while the program runs, within seconds, and is on record.

No command ends it: two admins say in their channel that resets may go on, each after a fresh strong sign-in.

Of the configuration only store and audit are read, and of its secrets only audit.key is needed.

Example:

  mfahelp freeze --config mfahelp.yaml`
}

// Run stops them, or says that they are stopped.
func (c *freezeCmd) Run(ctx context.Context, std streams) error {
	_, s, err := existing(ctx, c.Config)
	if err != nil {
		return err
	}
	said, err := freeze(ctx, s, time.Now())
	if err := errors.Join(err, s.Close()); err != nil {
		return err
	}
	fmt.Fprintln(std.out, said)
	return nil
}

// freeze stops resets, unless they are.
func freeze(ctx context.Context, s *store.Store, now time.Time) (said string, err error) {
	const triesOfFreeze = 5
	for range triesOfFreeze {
		z, err := s.Frozen(ctx)
		switch {
		case err != nil:
			return "", err
		case z.On:
			return fmt.Sprintf("Resets are stopped already, since %s.", z.Since.Format(time.RFC3339)), nil
		}
		next := flows.Freeze{On: true, Since: now.UTC(), Why: "reset.frozen.by-command", Version: z.Version}
		err = s.Record(ctx, flows.Answer{Freeze: &next, Jobs: []flows.Job{flows.SayFrozen(now)}, Audit: []flows.Entry{{
			Key: fmt.Sprintf("command.freeze/%d", z.Version), At: now, Verb: "command.freeze", Result: "done",
		}}}, now)
		if !errors.Is(err, store.ErrConflict) {
			return "Resets are stopped. The admins' channel is told, and two admins there let them go on.", err
		}
	}
	return "", errors.New("somebody else changes the freeze all the time; try again")
}

// existing opens the store that a configuration names, beside who runs on it. Of
// the secrets it takes only the keys of the trail: who has to stop resets need
// not be able to serve.
func existing(ctx context.Context, file string) (config.Config, *store.Store, error) {
	cfg, err := config.LoadTrail(file, nil)
	if err != nil {
		return cfg, nil, err
	}
	s, err := openExisting(ctx, cfg)
	return cfg, s, err
}
