package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"mfahelp/config"
	"mfahelp/secret"
)

// canaries are what must never be in a log, each as it really looks.
var canaries = []string{
	"xoxb-2147483647-canary-AbCdEf",
	"xoxe.xoxp-1-canaryAbCdEf",
	"xapp-1-A02CANARY-77-abc",
	"https://hooks.slack.com/services/T0CANARY/B0/abc",
	"eyJhbGciOiJSUzI1NiJ9.eyJ1cG4iOiJjYW5hcnkifQ.c2lnbmF0dXJl",
	"Zq28Q~canaryCanaryCanaryCanaryCanaryXYZ0",
	"Canary.Person@contoso.com",
	"canary_gmail.com#EXT#@contoso.onmicrosoft.com",
	"canary%40contoso.com",
	"kanári@példa.hu",
	"+1 (555) 013-4477",
	"+49 171 5550134",
	"+15550134477",
	"(555) 013-4477",
	"555-013-4477",
	"-----BEGIN RSA PRIVATE KEY-----\nMIICANARY\n-----END RSA PRIVATE KEY-----",
}

// secretive are what nothing but the name beside it tells to be a secret.
var secretive = []string{
	`Authorization: Bearer canarycanary`,
	`authorization: Basic Y2FuYXJ5OmNhbmFyeQ==`,
	`{"temporaryAccessPass":"CANARY8x"}`,
	`{\"access_token\":\"CANARY8x\"}`,
	`client_secret=CANARY8x&grant_type=client_credentials`,
	`password: CANARY8x`,
}

type talkative struct {
	Said   string
	Inner  map[string]any
	Secret secret.Text
	hidden string
}

func (t talkative) MarshalLogObject(e zapcore.ObjectEncoder) error {
	e.AddString("said", t.Said)
	e.AddString("client_secret", t.Said+"!")
	return e.AddReflected("inner", t.Inner)
}

type stringer struct{ s string }

func (s stringer) String() string { return s.s }

// verbose tells more if it is asked for more, as errors with a stack do.
type verbose struct{ s string }

func (v verbose) Error() string { return "doing it" }

func (v verbose) Format(f fmt.State, _ rune) { fmt.Fprint(f, "doing it to "+v.s) }

// everyWay logs s in every way there is.
func everyWay(log *zap.Logger, s string) {
	object := talkative{Said: s, Inner: map[string]any{"a": []string{s}, s: 1}, Secret: secret.New(s), hidden: s}
	fields := []zap.Field{
		zap.String("text", s), zap.ByteString("bytes", []byte(s)), zap.Binary("binary", []byte(s)),
		zap.Strings("texts", []string{s}), zap.Stringer("stringer", stringer{s}), zap.Stringers("stringers", []stringer{{s}}),
		zap.Error(errors.New(s)), zap.NamedError("wrapped", fmt.Errorf("doing: %w", errors.New(s))),
		zap.NamedError("joined", errors.Join(errors.New("a"), errors.New(s))), zap.Errors("errors", []error{errors.New(s)}),
		zap.NamedError("verbose", verbose{s}),
		zap.Any("any", struct{ Deep []talkative }{[]talkative{object}}), zap.Reflect("reflect", map[string]string{"k": s}),
		zap.Object("object", object), zap.Objects("objects", []talkative{object}), zap.Inline(object),
		zap.Any("raw", json.RawMessage(`{"v":`+fmt.Sprintf("%q", strings.ToValidUTF8(s, ""))+`}`)),
		zap.Any("secret text", secret.New(s)), zap.Dict("dict", zap.String("text", s)),
		zap.Namespace("space"), zap.String("inside", s),
	}
	log.Info("said "+s, fields...)
	log.With(fields...).Warn("with")
	log.WithLazy(fields...).Warn("with lazily")
	log.Named(s).Error(s)
	log.Sugar().Errorw("sugar", "k", s, "e", errors.New(s))
	log.Sugar().Infof("formatted %s", s)
	if ce := log.Check(zapcore.InfoLevel, s); ce != nil {
		ce.Write(zap.String("checked", s))
	}
}

func TestCanaries(t *testing.T) {
	for _, format := range []string{"json", "console"} {
		for _, s := range append(canaries, secretive...) {
			for _, around := range []string{"%s", "mail %s, then", `{"v":"%s"}`, "a=%s&b", "<%s>", "%s\n%[1]s"} {
				var b strings.Builder
				log, err := newLogger(config.Log{Level: "info", Format: format}, &b)
				if err != nil {
					t.Fatal(err)
				}
				everyWay(log, fmt.Sprintf(around, s))
				if got := strings.ToLower(b.String()); strings.Contains(got, strings.ToLower(s)) ||
					strings.Contains(got, "canary") || strings.Contains(got, "0134") || strings.Contains(got, "kanári") {
					t.Fatalf("%s leaked, within %q:\n%s", s, around, &b)
				}
			}
		}
	}
}

// TestPrivate keeps out what only the name of its field gives away.
func TestPrivate(t *testing.T) {
	for _, key := range []string{
		"password", "client_secret", "clientSecret", "Client-Secret", "token", "accessToken", "Authorization", "set-cookie",
		"temporaryAccessPass", "tap", "TAP", "pin", "otp", "phone", "phoneNumber", "mobilePhone", "pickup_code", "X-Slack-Signature",
	} {
		var b strings.Builder
		log, err := newLogger(config.Log{Level: "info", Format: "json"}, &b)
		if err != nil {
			t.Fatal(err)
		}
		log.Info("m", zap.String(key, "canary"), zap.Int(key, 7134), zap.Any("in", map[string]any{key: []string{"canary"}}))
		if strings.Contains(b.String(), "canary") || strings.Contains(b.String(), "7134") {
			t.Errorf("%s leaked: %s", key, &b)
		}
	}
}

// TestKept has what operators need come through as it is.
func TestKept(t *testing.T) {
	var b strings.Builder
	log, err := newLogger(config.Log{Level: "info", Format: "json"}, &b)
	if err != nil {
		t.Fatal(err)
	}
	log.With(zap.String("case", "ABCD-EFGH")).Info("looked up",
		zap.String("request_id", "57fd12bc-e8ac-4747-9617-2825777b3085"), zap.String("url", "https://graph.microsoft.com/beta/auditLogs/signIns?$top=5"),
		zap.String("code", "500121"), zap.Int64("took_ms", 12345678901), zap.String("at", "2026-05-20T03:50:06+02:00"),
		zap.String("at2", "go.uber.org/zap@v1.28.0/logger.go:12"), zap.Bool("found", true), zap.Error(nil),
		zap.Any("number", struct{ N int64 }{9007199254740993}), zap.String("ip", "203.0.113.10"), zap.Stringer("nil", nil))
	for _, want := range []string{
		`"case":"ABCD-EFGH"`, `"request_id":"57fd12bc-e8ac-4747-9617-2825777b3085"`, `signIns?$top=5"`, `"code":"500121"`,
		`"took_ms":12345678901`, `03:50:06+02:00`, `zap@v1.28.0/logger.go:12`, `"found":true`, `9007199254740993`, `"203.0.113.10"`, `"level":"info"`, `"msg":"looked up"`,
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s is not in %s", want, &b)
		}
	}
	if !json.Valid([]byte(b.String())) {
		t.Errorf("no JSON: %s", &b)
	}
}

func TestLevels(t *testing.T) {
	var b strings.Builder
	log, err := newLogger(config.Log{Level: "warn", Format: "console"}, &b)
	if err != nil {
		t.Fatal(err)
	}
	log.Info("less")
	log.With(zap.Int("n", 1)).Warn("more")
	if got := b.String(); strings.Contains(got, "less") || !strings.Contains(got, "WARN\tmore\t{\"n\": 1}") {
		t.Errorf("got %q", got)
	}
	for _, bad := range [][2]string{{"loud", "json"}, {"info", "xml"}} {
		if _, err := newLogger(config.Log{Level: bad[0], Format: bad[1]}, &b); err == nil {
			t.Errorf("took %v", bad)
		}
	}
}

func BenchmarkMaskedLine(b *testing.B) {
	log, err := newLogger(config.Log{Level: "info", Format: "json"}, &strings.Builder{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		log.Info("looked up", zap.String("case", "ABCD-EFGH"), zap.String("request_id", "57fd12bc-e8ac-4747-9617-2825777b3085"), zap.Int("n", 3))
	}
}
