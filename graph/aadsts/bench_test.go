package aadsts

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// BenchmarkParseTypical reads what people paste most: the error page with a
// code, the page with a message, and the answer of the token endpoint.
func BenchmarkParseTypical(b *testing.B) {
	for _, name := range []string{"page-plain", "page-full", "message-50105-user", "oauth-json-claims", "teams-html-paragraphs", "loc-ja-wrapped"} {
		text := paste(b, name)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				Parse(text)
			}
		})
	}
	b.Run("all", func(b *testing.B) {
		rows := readRows(b, ownPastes)
		n := 0
		for _, r := range rows {
			n += len(r.Text)
		}
		b.SetBytes(int64(n))
		b.ReportAllocs()
		for b.Loop() {
			for _, r := range rows {
				Parse(r.Text)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(rows)), "ns/paste")
	})
}

func paste(b *testing.B, name string) string {
	for _, r := range readRows(b, ownPastes) {
		if r.Name == name {
			return r.Text
		}
	}
	b.Fatalf("no paste is called %s", name)
	return ""
}

// hostile are beginnings that, repeated, look for the worst in the scanner.
var hostile = []string{
	"AADSTS", "AADSTS50076 ", "AADSTS5007\n6", "5", "500121 ", "50012 1", "1 ", "12345678-", "-", "0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f",
	"Request Id: 0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f ", "trace id: a ", "trace id: 0a\n> ", "a" + strings.Repeat(" ", 79),
	"<", "<a", "<a ", "<br>", "<p x=", "%", "%25", "%2525253a", "+", "%2b+", "&", "&amp;", "&#", "&#x41;", "&eacute;", "\\", "\\\\n", "\\u0041",
	"trace ", "trace id ", "request id ", "correlation id ", "timestamp ", "timestamp: 2026-01-01 ", "timestamp: 2026-01-01T00:00:00Z ",
	"id de ", "error code ", "is ", "@", "a@", "@a.", "a@b.cc ", "for a@b.cc ", "user ", ":", "\n", "> ", "\n>|", " ", "=\n", "\u200b", "é",
	"ト", "トレース ", "Идентификатор ", "Ж", "\xff", "\x00", "'", "\"", "{", "user 'a@b.cc' AADSTS50020: ", "é\u0301", "0", "00000000", "deadbeef ", "deadbeef-",
	"1111-11-11T11:11:11Z ", "11-11-1111 ", "#", "*", "a.b.c@d.e.f-",
}

func hostileText(s string) string { return strings.Repeat(s, MaxText/len(s)+1)[:MaxText] }

// BenchmarkParseHostile reads one MiB of each beginning in hostile and reports
// the slowest.
func BenchmarkParseHostile(b *testing.B) {
	texts := make([]string, len(hostile))
	for i, s := range hostile {
		texts[i] = hostileText(s)
	}
	best := make([]time.Duration, len(hostile)) // of several runs: the machine has other work
	for b.Loop() {
		for i, text := range texts {
			start := time.Now()
			Parse(text)
			if d := time.Since(start); best[i] == 0 || d < best[i] {
				best[i] = d
			}
		}
	}
	worst := slices.Max(best)
	b.ReportMetric(float64(worst.Microseconds())/1000, "worst-ms")
	b.Logf("worst: %q repeated, %v", hostile[slices.Index(best, worst)], worst)
}
