package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"mfahelp/bot"
	"mfahelp/flows/diagnose"
	"mfahelp/flows/lookup"
	"mfahelp/graph/aadsts"
	"mfahelp/words"
)

// explainCmd reads an error and says what it knows of it, all by itself: it
// asks nobody, and no text leaves the machine.
type explainCmd struct {
	File  string `arg:"" optional:"" help:"The file with the text; standard input if there is none, or if it is \"-\"."`
	JSON  bool   `name:"json" xor:"form" help:"Print one JSON object, with null for what the text does not say."`
	JSONL bool   `name:"jsonl" xor:"form" help:"Read a JSON object with name and text in each line, and print one such object for each, with the name."`
}

// Help shows how it is used.
func (explainCmd) Help() string {
	return `It takes what people paste: the error page, an e-mail around it, a log, JSON. It works offline, and without a tenant can only go by the error code.

Examples:

  mfahelp explain error.txt
  wl-paste | mfahelp explain
  mfahelp explain --json error.txt | jq -r .advice
  mfahelp explain --jsonl < pastes.jsonl > answers.jsonl`
}

// Run ends with ctx even while it waits for somebody to type.
func (c *explainCmd) Run(ctx context.Context, std streams) error {
	done := make(chan error, 1)
	go func() { done <- c.explain(std) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return errors.New("interrupted")
	}
}

func (c *explainCmd) explain(std streams) error {
	in := std.in
	if c.File != "" && c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	} else if terminal(in) {
		fmt.Fprintln(std.err, "Paste the error, then press Enter and Ctrl-D.")
	}
	if c.JSONL {
		return explainLines(in, std)
	}
	text, err := readText(in, std.err)
	if err != nil {
		return err
	}
	r := read(text)
	if c.JSON {
		return encode(std.out, r.object())
	}
	return r.print(std.out, terminal(std.out) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb")
}

// readText reads all that may matter, and says so if that is not all.
func readText(in io.Reader, stderr io.Writer) (string, error) {
	const most = 2*aadsts.MaxText + 2 // as much again for UTF-16, and its mark
	b, err := io.ReadAll(io.LimitReader(in, most+1))
	if err != nil {
		return "", fmt.Errorf("reading the text: %w", err)
	}
	text := decode(b)
	if len(text) > aadsts.MaxText {
		text = text[:aadsts.MaxText]
		fmt.Fprintf(stderr, "mfahelp: only the first %d kB of the text are read\n", aadsts.MaxText>>10)
	}
	return text, nil
}

// decode makes text of a file as Windows may have saved it.
func decode(b []byte) string {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(b, []byte{0xff, 0xfe}):
		order = binary.LittleEndian
	case bytes.HasPrefix(b, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	default:
		return string(bytes.TrimPrefix(b, []byte("\ufeff")))
	}
	units := make([]uint16, 0, len(b)/2)
	for b = b[2:]; len(b) > 1; b = b[2:] {
		units = append(units, order.Uint16(b))
	}
	return string(utf16.Decode(units))
}

// A reading is what a text says about an error, and what there is to say about
// that, in sentences.
type reading struct {
	report  aadsts.Report
	code    string // the one that says why: the report's, or another in the text; "" for none
	title   string
	meaning string // "" where the title says it all
	advice  string // in one sentence; steps, if there are any, say it better
	steps   []step
	admin   string // for who has the portal open; "" for nothing to add
}

// A step is one thing to do, and why if that is not plain.
type step struct{ do, why string }

// read understands text as far as that goes without asking anybody.
func read(text string) reading {
	p := &words.Printer{}
	report, ok := aadsts.Parse(text)
	d := diagnose.Diagnose(diagnose.Facts{Report: report})
	r := reading{report: report, code: d.Code}
	entry, _, known := aadsts.Lookup(r.code)
	switch {
	case !ok:
		r.title, r.advice = p.Say("explain.none.title"), p.Say("explain.none.advice")
	case r.code == "":
		r.title, r.advice, r.admin = p.Say("explain.no-code.title"), p.Say("explain.no-code.advice"), p.Say("explain.no-code.admin")
	case !known:
		r.title, r.advice = p.Say("explain.unknown.title"), p.Say("explain.unknown.advice", r.code)
		r.admin = p.Say("explain.unknown.admin", r.code)
	default:
		code := "code." + entry.Code
		r.title, r.advice, r.admin = p.Say(code+".title"), p.Say(code+".user"), p.Say(code+".admin")
		r.diagnosed(p, d, entry.Class == aadsts.ClassMFA)
	}
	return r
}

// diagnosed adds what the code alone lets us conclude. Of a matter of security
// nothing more is said than the code's own sentence. Who was prompted may not
// have been who signed in.
func (r *reading) diagnosed(p *words.Printer, d diagnose.Diagnosis, prompted bool) {
	if d.Alarm || d.Cause == diagnose.Unknown {
		return
	}
	r.meaning = p.Say(d.Cause.Key("body"), lookup.Asked(p, d))
	d.Steps = slices.DeleteFunc(d.Steps, toAdmins)
	for _, s := range lookup.Steps(p, d) {
		r.steps = append(r.steps, step{bot.PlainText(s.Do), s.Why})
	}
	if len(r.steps) == 0 {
		return
	}
	if prompted || d.Ask {
		r.steps = append(r.steps, step{do: p.Say("explain.not-you")})
	}
	r.steps = append(r.steps, step{do: p.Say("explain.admins")})
}

// toAdmins reports whether a sends people to the admins by a button, of which
// there is none here.
func toAdmins(a diagnose.Advice) bool { return strings.HasPrefix(a.Key, "admins") }

// An explanation is a reading as a program gets it. What the text does not say
// is null, but for title and advice, which say then what is missing.
type explanation struct {
	Code          *string  `json:"code"` // as the text has it first or newest; digits, a string, since it is a name and not a number
	Codes         []string `json:"codes"`
	RequestID     *string  `json:"request_id"`
	CorrelationID *string  `json:"correlation_id"`
	Timestamp     *string  `json:"timestamp"` // RFC 3339, UTC
	UPN           *string  `json:"upn"`
	Title         string   `json:"title"`
	Advice        string   `json:"advice"`
}

// A namedExplanation is one of several.
type namedExplanation struct {
	Name *string `json:"name"`
	explanation
}

func (r reading) object() explanation {
	e := explanation{
		Code:          orNull(r.report.Code),
		Codes:         append([]string{}, r.report.Codes...), // not nil, which would be null
		RequestID:     orNull(r.report.RequestID),
		CorrelationID: orNull(r.report.CorrelationID),
		UPN:           orNull(r.report.UPN),
		Title:         r.title,
		Advice:        r.whole(),
	}
	if t := r.report.Timestamp; !t.IsZero() {
		e.Timestamp = orNull(t.UTC().Format(time.RFC3339))
	}
	return e
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// whole is the advice as one text, a step in each line.
func (r reading) whole() string {
	if len(r.steps) == 0 {
		return r.advice
	}
	var b strings.Builder
	for i, s := range r.steps {
		fmt.Fprintf(&b, "%d. %s\n", i+1, s.do)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// encode prints v in one line, without writing < and > as escapes.
func encode(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// maxLine is how much one line of --jsonl may have: any text, and its escapes.
const maxLine = 64 << 20

// explainLines answers line by line, at once if nobody has written more. A line
// that makes no sense is told of, and the others are answered.
func explainLines(in io.Reader, std streams) error {
	r, w := bufio.NewReaderSize(in, 64<<10), bufio.NewWriter(std.out)
	bad, n := 0, 0
	for {
		line, err := readLine(r)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && !errors.Is(err, errTooLong) {
			return errors.Join(fmt.Errorf("reading line %d: %w", n+1, err), w.Flush())
		}
		n++
		if err == nil && len(bytes.TrimSpace(line)) > 0 {
			err = explainLine(line, w)
		}
		if err != nil {
			bad++
			fmt.Fprintf(std.err, "mfahelp: line %d: %v\n", n, err)
		}
		if r.Buffered() == 0 {
			if err := w.Flush(); err != nil {
				return err
			}
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d lines could not be read", bad, n)
	}
	return nil
}

func explainLine(line []byte, w io.Writer) error {
	var in struct {
		Name *string `json:"name"`
		Text *string `json:"text"`
	}
	if err := json.Unmarshal(bytes.TrimPrefix(line, []byte("\ufeff")), &in); err != nil {
		return fmt.Errorf("not a JSON object with name and text: %w", err)
	}
	if in.Text == nil {
		return errors.New("there is no text in it")
	}
	return encode(w, namedExplanation{in.Name, read(*in.Text).object()})
}

var errTooLong = fmt.Errorf("longer than %d MB", maxLine>>20)

// readLine returns the next line, and io.EOF after the last. Of one that is too
// long it reads all and keeps nothing.
func readLine(r *bufio.Reader) (line []byte, err error) {
	long := false
	for {
		piece, err := r.ReadSlice('\n')
		if long = long || len(line)+len(piece) > maxLine; long {
			line = nil
		} else {
			line = append(line, piece...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && (long || len(line) > 0), err == nil: // the last may lack its end
			if long {
				return nil, errTooLong
			}
			return line, nil
		default:
			return nil, err
		}
	}
}
