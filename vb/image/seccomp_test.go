package image

import (
	"encoding/json"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

type rule struct {
	Names  []string
	Action string
	Args   []struct {
		Index           uint
		Value, ValueTwo uint64
		Op              string
	}
	ErrnoRet uint
}

func profile(t *testing.T) (defaultAction string, rules []rule) {
	t.Helper()
	var file struct {
		DefaultAction string
		Syscalls      []rule
	}
	if err := json.Unmarshal(Seccomp, &file); err != nil {
		t.Fatal(err)
	}
	return file.DefaultAction, file.Syscalls
}

// conditional are the system calls that are let through with some arguments alone.
var conditional = []string{"clone", "personality", "socket", "unshare"}

func TestTheSystemCallsThatEscapesAreMadeOfAreRefused(t *testing.T) {
	defaultAction, rules := profile(t)
	if defaultAction != "SCMP_ACT_ERRNO" {
		t.Errorf("what is not named is not refused: %s", defaultAction)
	}
	refused := []string{
		"mount", "umount2", "pivot_root", "move_mount", "open_tree", "fsopen", "fsconfig", "fsmount", "mount_setattr",
		"setns", "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp",
		"bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register",
		"add_key", "request_key", "keyctl", "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load",
		"open_by_handle_at", "name_to_handle_at", "iopl", "ioperm", "modify_ldt", "vm86", "mknod", "mknodat",
		"reboot", "swapon", "swapoff", "settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "sethostname", "setdomainname",
		"acct", "quotactl", "syslog", "vhangup", "lookup_dcookie", "nfsservctl", "fanotify_init", "vmsplice",
		"mbind", "set_mempolicy", "move_pages", "migrate_pages", "msgget", "semget", "mq_open",
	}
	for _, r := range rules {
		for _, name := range r.Names {
			if slices.Contains(refused, name) && r.Action == "SCMP_ACT_ALLOW" {
				t.Errorf("%s is let through", name)
			}
			if slices.Contains(conditional, name) && len(r.Args) == 0 {
				t.Errorf("%s is let through with any argument", name)
			}
		}
	}
}

func TestNamespacesAreThoseOfFirefoxAlone(t *testing.T) {
	const never = unix.CLONE_NEWNS | unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWTIME
	_, rules := profile(t)
	domains := make(map[uint64]bool)
	for _, r := range rules {
		for _, name := range r.Names {
			switch name {
			case "clone", "unshare":
				if a := r.Args[0]; len(r.Args) != 1 || a.Index != 0 || a.Op != "SCMP_CMP_MASKED_EQ" || a.Value != never || a.ValueTwo != 0 {
					t.Errorf("%s: %+v", name, r.Args)
				}
			case "clone3": // its flags are in memory, where no filter looks
				if r.Action != "SCMP_ACT_ERRNO" || r.ErrnoRet != uint(unix.ENOSYS) {
					t.Errorf("clone3: %s %d", r.Action, r.ErrnoRet)
				}
			case "socket":
				domains[r.Args[0].Value] = true
			}
		}
	}
	for _, domain := range []uint64{unix.AF_UNIX, unix.AF_INET, unix.AF_INET6, unix.AF_NETLINK} {
		if !domains[domain] {
			t.Errorf("no socket of domain %d", domain)
		}
		delete(domains, domain)
	}
	if len(domains) > 0 {
		t.Errorf("sockets of other domains: %v", domains)
	}
}
