package postgis

import "syscall"

// dieWithParent has the kernel stop the child when the thread that started it ends, however we die.
func dieWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGINT }
