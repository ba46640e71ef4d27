package main

import (
	"io"
	"log/slog"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	sloggokit "github.com/tjhop/slog-gokit"
)

// callerDepth is the number of calls between a log line and log.Caller: go-kit's own, the
// filter's, and that of the logger with the level.
const callerDepth = 5

// loggers returns the logger of this program, and the one that exporter-toolkit needs,
// with lines that look alike.
func loggers(w io.Writer, logLevel, format string) (own log.Logger, toolkit *slog.Logger) {
	base := log.NewLogfmtLogger(log.NewSyncWriter(w))
	if format == "json" {
		base = log.NewJSONLogger(log.NewSyncWriter(w))
	}
	allowed := level.Allow(level.ParseDefault(logLevel, level.InfoValue()))
	var slogLevel slog.LevelVar
	_ = slogLevel.UnmarshalText([]byte(logLevel)) // The flag allows no other word.
	// The filter comes before time and caller, which cost more than all else that a
	// scrape logs.
	return level.NewFilter(log.With(base, "ts", log.DefaultTimestampUTC, "caller", log.Caller(callerDepth)), allowed),
		slog.New(sloggokit.NewGoKitHandler(timeAsTS(level.NewFilter(base, allowed)), &slogLevel))
}

// timeAsTS renames slog's key of the time to that of this program's lines.
func timeAsTS(next log.Logger) log.Logger {
	return log.LoggerFunc(func(keyvals ...any) error {
		for i := 0; i+1 < len(keyvals); i += 2 {
			if at, ok := keyvals[i+1].(time.Time); ok && keyvals[i] == slog.TimeKey {
				keyvals[i], keyvals[i+1] = "ts", at.UTC()
			}
		}
		return next.Log(keyvals...)
	})
}
