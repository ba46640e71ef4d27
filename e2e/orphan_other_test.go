//go:build !linux

package e2e

import "syscall"

// endWithParent is nothing where the kernel has no such thing.
func endWithParent() *syscall.SysProcAttr {
	return nil
}
