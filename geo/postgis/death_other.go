//go:build !linux

package postgis

import "syscall"

// dieWithParent does nothing here: the next start finds the orphan by its pid file and stops it.
func dieWithParent(*syscall.SysProcAttr) {}
