package e2e

import "syscall"

// endWithParent has the kernel end a process if the tests end without a clean-up,
// for example when they run into their own time limit.
func endWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
