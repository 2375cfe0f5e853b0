package main

import (
	"fmt"
	"io"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"mfahelp/config"
)

// newLogger logs to w what c wants. No secret and
// no name of a person gets through it; see [maskCore].
func newLogger(c config.Log, w io.Writer) (*zap.Logger, error) {
	from, err := zapcore.ParseLevel(c.Level)
	if err != nil {
		return nil, fmt.Errorf("choosing what to log: %w", err)
	}
	how := zap.NewProductionEncoderConfig()
	how.TimeKey, how.EncodeTime = "at", utc
	how.EncodeDuration = zapcore.StringDurationEncoder
	var encoder zapcore.Encoder
	switch c.Format {
	case "json":
		encoder = zapcore.NewJSONEncoder(how)
	case "console":
		how.EncodeLevel = zapcore.CapitalLevelEncoder
		encoder = zapcore.NewConsoleEncoder(how)
	default:
		return nil, fmt.Errorf("choosing how to log: no format %q", c.Format)
	}
	core := maskCore{zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(w)), from)}
	return zap.New(core), nil
}

// utc writes times as they are written everywhere here.
func utc(t time.Time, to zapcore.PrimitiveArrayEncoder) {
	to.AppendString(t.UTC().Format("2006-01-02T15:04:05.000Z07:00"))
}
