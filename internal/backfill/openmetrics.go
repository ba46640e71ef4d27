package backfill

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// openMetrics writes OpenMetrics text: family by family, and in each series by series, in
// the order of time. Errors come with the end of the text.
type openMetrics struct {
	*bufio.Writer

	target string // The labels of the target.
}

// family begins a family.
func (o openMetrics) family(name, kind string) { fmt.Fprintf(o, "# TYPE %s %s\n", name, kind) }

// series returns what the samples of a series begin with. Labels are pairs of name and
// value.
func (o openMetrics) series(name string, labels ...string) string {
	all := []string{o.target}
	for i := 0; i+1 < len(labels); i += 2 {
		all = append(all, label(labels[i], labels[i+1]))
	}
	return name + "{" + strings.Join(all, ",") + "} "
}

func (o openMetrics) sample(series string, value int64, at time.Time) {
	line := append(o.AvailableBuffer(), series...)
	line = append(strconv.AppendInt(line, value, 10), ' ')
	_, _ = o.Write(append(strconv.AppendInt(line, at.Unix(), 10), '\n'))
}

var labelEscaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func label(name, value string) string { return name + `="` + labelEscaper.Replace(value) + `"` }

// writeFile writes a file that is complete whenever it exists.
func writeFile(name, target string, write func(openMetrics)) error {
	partial := name + ".partial"
	file, err := os.Create(partial)
	if err == nil {
		out := openMetrics{bufio.NewWriterSize(file, 1<<20), target}
		write(out)
		_, _ = out.WriteString("# EOF\n")
		if err = errors.Join(out.Flush(), file.Sync(), file.Close()); err == nil {
			err = os.Rename(partial, name)
		}
	}
	if err != nil {
		_ = os.Remove(partial)
		return fmt.Errorf("write the samples: %w", err)
	}
	return nil
}
