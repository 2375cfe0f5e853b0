// Command bench reads what benchmarks print, on standard input, and says of each
// figure that has a goal whether it is met. It also writes them to bench.json.
// A figure that is missing is an error; one that misses its goal is not.
//
// To have another, add a line to the goals and have scripts/bench run the
// benchmark that reports it.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
)

func main() {
	out := flag.String("o", "bench.json", "the file to write")
	flag.Parse()
	if err := run(os.Stdin, os.Stdout, *out); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer, file string) error {
	seen, err := read(in)
	if err != nil {
		return fmt.Errorf("reading: %w", err)
	}
	figures, missing := judge(seen)
	b, err := json.MarshalIndent(figures, "", "  ")
	if err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	if err := os.WriteFile(file, append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	return errors.Join(show(out, figures), missing)
}

// A metric is a figure of a benchmark, by the names that "go test" prints.
type metric struct{ benchmark, unit string }

// read takes the lines of benchmarks from what "go test" prints. Of several for
// one figure it keeps the last.
func read(in io.Reader) (map[metric]float64, error) {
	seen := map[metric]float64{}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < 4 || !strings.HasPrefix(f[0], "Benchmark") {
			continue
		}
		name := f[0]
		if i := strings.LastIndexByte(name, '-'); i > 0 { // the number of CPUs
			if _, err := strconv.Atoi(name[i+1:]); err == nil {
				name = name[:i]
			}
		}
		for i := 2; i+1 < len(f); i += 2 {
			if v, err := strconv.ParseFloat(f[i], 64); err == nil {
				seen[metric{name, f[i+1]}] = v
			}
		}
	}
	return seen, lines.Err()
}

// A goal is what a figure is to be.
type goal struct {
	name  string
	from  metric
	unit  string
	limit float64
	least bool // the limit is the least that will do, not the most
	none  bool // there is no limit: the figure is to be known
}

// goals are the figures in the order in which they are shown. How to read one is
// said where its benchmark is.
var goals = []goal{
	{name: "parse a paste", from: metric{"BenchmarkParseTypical/all", "ns/paste"}, unit: "ns", limit: 2000},
	{name: "parse, throughput", from: metric{"BenchmarkParseTypical/all", "MB/s"}, unit: "MB/s", limit: 100, least: true},
	{name: "parse a paste, allocations", from: metric{"BenchmarkParseTypical/page-plain", "allocs/op"}, unit: "allocations", none: true},
	{name: "parse 1 MB of the worst text", from: metric{"BenchmarkParseHostile", "worst-ms"}, unit: "ms", limit: 20},
	{name: "accept at 1,000/s, p50", from: metric{"BenchmarkAccept/alone", "p50-ms"}, unit: "ms", none: true},
	{name: "accept at 1,000/s, p99", from: metric{"BenchmarkAccept/alone", "p99-ms"}, unit: "ms", limit: 50},
	{name: "first reply at 50/s less Graph, p50", from: metric{"BenchmarkFirstReply", "p50-ms"}, unit: "ms", none: true},
	{name: "first reply at 50/s less Graph, p95", from: metric{"BenchmarkFirstReply", "p95-ms"}, unit: "ms", limit: 50},
	{name: "resident memory, idle", from: metric{"BenchmarkServe", "MB-resident"}, unit: "MB", limit: 60},
	{name: "start to ready", from: metric{"BenchmarkServe", "s-to-ready"}, unit: "s", limit: 1},
	// Slack waits for three seconds: what a person sees must fit in there too.
	{name: "Slack: answer at 500/s, Graph dead, p50", from: metric{"BenchmarkSlackEvents", "p50-ms"}, unit: "ms", none: true},
	{name: "Slack: answer at 500/s, Graph dead, p99", from: metric{"BenchmarkSlackEvents", "p99-ms"}, unit: "ms", limit: 300},
	{name: "Slack: resident memory after that", from: metric{"BenchmarkSlackEvents", "MB-resident"}, unit: "MB", limit: 128},
	{name: "Slack: signed events taken, with fsync", from: metric{"BenchmarkSlackEvents", "per-s"}, unit: "events/s", limit: 500, least: true},
	// Teams waits for fifteen.
	{name: "Teams: answer at 500/s, Graph dead, p50", from: metric{"BenchmarkTeamsActivities", "p50-ms"}, unit: "ms", none: true},
	{name: "Teams: answer at 500/s, Graph dead, p99", from: metric{"BenchmarkTeamsActivities", "p99-ms"}, unit: "ms", limit: 300},
	{name: "Teams: resident memory after that", from: metric{"BenchmarkTeamsActivities", "MB-resident"}, unit: "MB", limit: 128},
	{name: "Teams: activities taken, with JWT check and fsync", from: metric{"BenchmarkTeamsActivities", "per-s"}, unit: "activities/s", limit: 500, least: true},
}

// A figure is what bench.json has of one. Goal and Met are null where there is
// no goal.
type figure struct {
	Name  string   `json:"name"`
	Value float64  `json:"value"`
	Unit  string   `json:"unit"`
	Goal  *float64 `json:"goal"`
	Met   *bool    `json:"met"`
	least bool
}

func judge(seen map[metric]float64) (figures []figure, missing error) {
	for _, g := range goals {
		v, ok := seen[g.from]
		if !ok {
			missing = errors.Join(missing, fmt.Errorf("no benchmark reported %q: %s of %s", g.name, g.from.unit, g.from.benchmark))
			continue
		}
		f := figure{Name: g.name, Value: v, Unit: g.unit, least: g.least}
		if !g.none {
			met := v <= g.limit
			if g.least {
				met = v >= g.limit
			}
			f.Goal, f.Met = &g.limit, &met
		}
		figures = append(figures, f)
	}
	return figures, missing
}

func show(out io.Writer, figures []figure) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, f := range figures {
		verdict := ""
		if f.Goal != nil {
			sign, met := "≤", "missed"
			if f.least {
				sign = "≥"
			}
			if *f.Met {
				met = "met"
			}
			verdict = fmt.Sprintf("%s %v %s\t%s", sign, *f.Goal, f.Unit, met)
		}
		fmt.Fprintf(w, "%s\t%v %s\t%s\n", f.Name, f.Value, f.Unit, verdict)
	}
	return w.Flush()
}
