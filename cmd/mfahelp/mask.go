package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// A maskCore takes out of a line of the log what must not be in it, whoever
// wrote it and however: by the type of a value, by the name of its field, and by
// what it looks like. It is the last resort; who logs leaves these things out.
type maskCore struct{ zapcore.Core }

// With masks what every later line will carry.
func (c maskCore) With(fields []zapcore.Field) zapcore.Core {
	return maskCore{c.Core.With(maskAll(fields))}
}

// Check has the entry written by c, and so masked.
func (c maskCore) Check(e zapcore.Entry, to *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(e.Level) {
		return to.AddCore(e, c)
	}
	return to
}

// Write masks the line.
func (c maskCore) Write(e zapcore.Entry, fields []zapcore.Field) error {
	e.Message, e.Stack, e.LoggerName = mask(e.Message), mask(e.Stack), mask(e.LoggerName)
	return c.Core.Write(e, maskAll(fields))
}

func maskAll(fields []zapcore.Field) []zapcore.Field {
	masked := make([]zapcore.Field, len(fields))
	for i, f := range fields {
		masked[i] = maskField(f)
	}
	return masked
}

const hidden = "[redacted]"

// maskField returns f as it may be logged. What is more than a number or a
// text becomes plain data first, so that nothing in it is left out.
func maskField(f zapcore.Field) (masked zapcore.Field) {
	defer func() { // a value that cannot even be looked at
		if recover() != nil {
			masked = zap.String(f.Key, "[unprintable]")
		}
	}()
	if f.Type == zapcore.NamespaceType || f.Type == zapcore.SkipType {
		return f
	}
	if private(f.Key) {
		return zap.String(f.Key, hidden)
	}
	switch f.Type {
	case zapcore.StringType:
		return zap.String(f.Key, mask(f.String))
	case zapcore.ByteStringType:
		b, _ := f.Interface.([]byte)
		return zap.String(f.Key, mask(string(b)))
	case zapcore.BinaryType:
		b, _ := f.Interface.([]byte)
		return zap.String(f.Key, fmt.Sprintf("%d bytes", len(b)))
	case zapcore.StringerType:
		s, _ := f.Interface.(fmt.Stringer)
		return zap.String(f.Key, mask(s.String()))
	case zapcore.ErrorType:
		err, _ := f.Interface.(error)
		return zap.String(f.Key, mask(err.Error())) // never its %+v
	case zapcore.ArrayMarshalerType, zapcore.ObjectMarshalerType, zapcore.InlineMarshalerType:
		return maskMarshaled(f)
	case zapcore.ReflectType:
		return zap.Any(f.Key, maskValue(plain(f.Interface)))
	default: // numbers, times, true and false
		return f
	}
}

// maskMarshaled has the value write itself down, and masks that.
func maskMarshaled(f zapcore.Field) zapcore.Field {
	e := zapcore.NewMapObjectEncoder()
	f.AddTo(e)
	data := maskValue(plain(e.Fields))
	if m, ok := data.(map[string]any); ok && f.Type != zapcore.InlineMarshalerType {
		data = m[f.Key]
	}
	key := f.Key
	if key == "" {
		key = "inline"
	}
	return zap.Any(key, data)
}

// plain is v as JSON knows it: maps, lists, texts, and numbers.
func plain(v any) (data any) {
	b, err := json.Marshal(v)
	if err != nil {
		return "[unprintable]"
	}
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.UseNumber() // an id may have more digits than a float
	if err := d.Decode(&data); err != nil {
		return "[unprintable]" // unreachable: it was written as JSON a line above
	}
	return data
}

// maskValue masks all that is in v.
func maskValue(v any) any {
	switch v := v.(type) {
	case string:
		return mask(v)
	case []any:
		for i := range v {
			v[i] = maskValue(v[i])
		}
	case map[string]any:
		clean := make(map[string]any, len(v))
		for k, in := range v {
			if private(k) {
				in = hidden
			}
			clean[mask(k)] = maskValue(in) // a key may be anything as well
		}
		return clean
	}
	return v
}

// private reports whether what stands under key is never logged. It looks at
// the letters alone, so that client_secret, clientSecret, and Client-Secret are
// one.
func private(key string) bool {
	key = strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, key)
	switch key {
	case "tap", "pin", "otp", "pass", "phone", "mobile", "sid":
		return true
	}
	for _, part := range privateParts {
		if strings.Contains(key, part) {
			return true
		}
	}
	return false
}

var privateParts = []string{
	"password", "passwd", "passcode", "passphrase", "secret", "token", "authorization", "cookie", "assertion",
	"apikey", "privatekey", "accesspass", "onetime", "verificationcode", "pickupcode", "phonenumber", "mobilephone",
	"businessphone", "signature",
}

// mask takes out of s what looks like a secret, a phone number, or the name of
// an account.
func mask(s string) string {
	for _, l := range looks {
		s = l.form.ReplaceAllString(s, l.becomes)
	}
	return s
}

var looks = []struct {
	form    *regexp.Regexp
	becomes string
}{
	{regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)`), hidden},
	{regexp.MustCompile(`(?i)\b(bearer|basic)\s+[a-z0-9._~+/=-]{6,}`), "${1} " + hidden},
	{regexp.MustCompile(`\bey[A-Za-z0-9_-]{8,}(\.[A-Za-z0-9_-]*){1,4}`), hidden}, // JWT, signed or encrypted
	{regexp.MustCompile(`\bx(ox[a-z]|app)(\.xox[a-z])?-[A-Za-z0-9-]+`), hidden},  // Slack's tokens
	{regexp.MustCompile(`https://hooks\.slack\.com/\S+`), hidden},
	{regexp.MustCompile(`[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}`), hidden}, // Entra's client secrets
	{regexp.MustCompile(`(?i)((?:password|passwd|client_secret|client_assertion|temporary_?access_?pass|token|secret|authorization_code|sig)\\?["']?\s*[:=]\s*\\?["']?)[^\s"'&,;\\}\]]+`), "${1}" + hidden},
	{regexp.MustCompile(`[\p{L}\p{N}._%+'#$!-]+(@|%40)([\p{L}\p{N}-]+\.)+\p{L}{2,}`), "[account]"},
	{regexp.MustCompile(`\+\d[\d ()./-]{5,}\d`), "[phone]"},
	{regexp.MustCompile(`\(\d{3}\) ?\d{3}-\d{4}\b|\b\d{3}([. -])\d{3}[. -]\d{4}\b`), "[phone]"},
}
