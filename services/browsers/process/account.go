package process

import (
	"syscall"

	"turtus/services/runas"
)

func chooseAccount(runAs string) (runas.Account, error) {
	return runas.Choose("browsers", runAs, "turtus-browser", "nobody")
}

// attributes of an agent: its own session, so that neither the terminal's Ctrl-C nor its end reaches it, and the account.
func attributes(a runas.Account) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Credential: a.Credential()}
}
