package certs

import (
	"log/slog"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// zapLogger brings what CertMagic says into our log, as details: what matters of it is said in words of our own.
func zapLogger(log *slog.Logger) *zap.Logger {
	return zap.New(core{log: log, LevelEnabler: zapcore.InfoLevel})
}

type core struct {
	zapcore.LevelEnabler
	log    *slog.Logger
	fields []zapcore.Field
}

func (c core) With(fields []zapcore.Field) zapcore.Core {
	c.fields = append(append([]zapcore.Field{}, c.fields...), fields...)
	return c
}

func (c core) Check(e zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(e.Level) {
		return checked.AddCore(e, c)
	}
	return checked
}

func (c core) Write(e zapcore.Entry, fields []zapcore.Field) error {
	encoder := zapcore.NewMapObjectEncoder()
	for _, f := range append(append([]zapcore.Field{}, c.fields...), fields...) {
		f.AddTo(encoder)
	}
	attributes := []any{"scope", e.LoggerName}
	for name, value := range encoder.Fields {
		attributes = append(attributes, name, value)
	}
	c.log.Debug("certificates: "+e.Message, attributes...)
	return nil
}

func (core) Sync() error { return nil }
