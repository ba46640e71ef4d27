package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

var (
	errTooLarge   = errors.New("too large")
	errNotRegular = errors.New("not a regular file")
)

// readRegularFile returns the content of a regular file of at most limit bytes. It does
// not wait for a pipe, and reads no device.
func readRegularFile(file string, limit int64) ([]byte, error) {
	// Without O_NONBLOCK, opening a FIFO would wait for somebody to write to it.
	f, err := os.OpenFile(file, os.O_RDONLY|syscall.O_NONBLOCK, 0) //nolint:gosec // The file is one that the operator named.
	if err != nil {
		return nil, err //nolint:wrapcheck // The callers make the message.
	}
	defer f.Close() //nolint:errcheck // It was only read.
	info, err := f.Stat()
	if err != nil {
		return nil, err //nolint:wrapcheck // The callers make the message.
	}
	if !info.Mode().IsRegular() {
		return nil, errNotRegular
	}
	return readAtMost(f, limit)
}

// readAtMost returns all of f, or errTooLarge if that is more than limit bytes.
func readAtMost(f io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err //nolint:wrapcheck // The callers make the message.
	}
	if int64(len(data)) > limit {
		return nil, errTooLarge
	}
	return data, nil
}

// explainRead says why readRegularFile failed and what to do about it. The file, which
// is not named, should have held content.
func explainRead(err error, limit int64, content string) error {
	reason := operatingSystemError(err)
	switch {
	case errors.Is(err, errNotRegular):
		return fmt.Errorf("it is not a regular file: name a file that holds %s, not a directory, a pipe or a device", content)
	case errors.Is(err, errTooLarge):
		return fmt.Errorf("the file is larger than %d KiB: it must hold %s alone", limit>>10, content)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: create it, or correct the path in the configuration", reason)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: let the exporter's user read it", reason)
	default:
		return fmt.Errorf("%w: check the path", reason)
	}
}

// operatingSystemError returns the reason alone where err also names the operation and
// the file, which the caller has said already or must not show.
func operatingSystemError(err error) error {
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		return pathError.Err
	}
	return err
}
