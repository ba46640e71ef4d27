package backfill

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// journal keeps the answers of a run in a file, so that a run that was stopped goes on
// where it was. A record is a line of JSON, which is on the disk before the next call
// begins. Answers stay in the file and are read again when they are needed.
type journal struct {
	file *os.File
	end  int64 // Where the next record goes.

	now     time.Time          // Of the run's first start.
	answers map[question]int64 // Where each record is.
}

// record is a line of the journal. The first has the settings, each other one an answer.
type record struct {
	Settings *settings `json:"settings,omitempty"`
	Now      int64     `json:"now,omitempty"`

	Opened bool             `json:"opened,omitempty"`
	Start  int64            `json:"s,omitempty"`
	End    int64            `json:"e,omitempty"`
	Rooms  map[string]int64 `json:"rooms,omitempty"`
}

// settings are what the answers and the files of a run depend on.
type settings struct {
	Workspace, URL, From, Until, Step, Timezone, Windows, Job, Instance string
	Counter, Rooms, Departments                                         bool
}

// openJournal opens the journal of a run with these settings, or begins one. What a
// killed run wrote of its last record is dropped.
func openJournal(name string, want settings, now time.Time) (*journal, error) {
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	j := &journal{file: file, answers: make(map[question]int64)}
	if err = j.load(want, now); err != nil {
		j.close()
		return nil, err
	}
	return j, nil
}

func (j *journal) load(want settings, now time.Time) error {
	in := bufio.NewReaderSize(j.file, 1<<20)
	for {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) { // A line without an end was cut off.
			break
		}
		if err != nil {
			return fmt.Errorf("read the journal: %w", err)
		}
		if err = j.take(line, want); err != nil {
			return fmt.Errorf("%s: %w", j.file.Name(), err)
		}
		j.end += int64(len(line))
	}
	if err := j.file.Truncate(j.end); err != nil {
		return fmt.Errorf("drop the end of the journal that was cut off: %w", err)
	}
	if j.end > 0 {
		return nil
	}
	j.now = now.Truncate(time.Millisecond).UTC()
	return j.append(record{Settings: &want, Now: now.UnixMilli()})
}

// take takes over a record that was read.
func (j *journal) take(line []byte, want settings) error {
	var r record
	if err := json.Unmarshal(line, &r); err != nil || (r.Settings == nil) != (j.end > 0) {
		return errors.New("the journal is damaged: remove the folder's files to begin again")
	}
	switch {
	case r.Settings == nil:
		j.answers[question{r.Opened, r.Start, r.End}] = j.end
	case *r.Settings != want:
		return fmt.Errorf("the journal is of another run: use another --output, or remove the folder's files to begin again; it has\n  %+v\nand this run\n  %+v", *r.Settings, want)
	default:
		j.now = time.UnixMilli(r.Now).UTC()
	}
	return nil
}

// append writes a record to the disk. After an error nothing can be appended.
func (j *journal) append(r record) error {
	line, err := json.Marshal(r)
	if err == nil {
		_, err = j.file.WriteAt(append(line, '\n'), j.end)
	}
	if err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	j.end += int64(len(line)) + 1
	return nil
}

// answer returns an answer, false if it is not known.
func (j *journal) answer(q question) (rooms map[string]int64, known bool, err error) {
	at, known := j.answers[q]
	if !known {
		return nil, false, nil
	}
	var r record
	if err = json.NewDecoder(io.NewSectionReader(j.file, at, j.end-at)).Decode(&r); err != nil {
		return nil, false, fmt.Errorf("read the journal: %w", err)
	}
	return r.Rooms, true, nil
}

func (j *journal) add(q question, rooms map[string]int64) error {
	at := j.end
	if err := j.append(record{Opened: q.opened, Start: q.start, End: q.end, Rooms: rooms}); err != nil {
		return err
	}
	j.answers[q] = at
	return nil
}

func (j *journal) close() { _ = j.file.Close() } // Every record has been synced.
