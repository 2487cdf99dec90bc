package doctor

import (
	"fmt"
	"time"
)

// Backups are those that are kept.
type Backups struct {
	Dir string
	// Newest is zero where there is none; Size is its bytes.
	Newest time.Time
	Size   int64
	// Failed is why the last nightly one failed, or why the folder can't be read.
	Failed error
}

// A night without a backup, and some hours for the make-up.
const backupAge = 30 * time.Hour

func (b *Box) backups() Result {
	if b.Backups == nil {
		return unknown("backup_unknown", "not looked at", "", "Ask the running server.")
	}
	k := b.Backups()
	found := "none in " + k.Dir
	if !k.Newest.IsZero() {
		found = fmt.Sprintf("the newest is %s old and has %s, in %s", roughly(b.Now().Sub(k.Newest)), inBytes(uint64(k.Size)), k.Dir)
	}
	switch {
	case k.Failed != nil:
		return fail("backup_failed", found, "The last backup failed: "+k.Failed.Error(), "Mend that, then make one: turtus backup.")
	case b.Config.BackupKeep == 0:
		return warn("backup_off", found, "No backup is made at night, since TURTUS_BACKUP_KEEP is 0.", "Set it to 14, or back up in another way.")
	case k.Newest.IsZero() && b.Running && b.Now().Sub(b.Started) < time.Hour:
		return ok("none yet; the first is made soon, then each night after %d:00, into %s", b.Config.BackupHour, k.Dir)
	case k.Newest.IsZero():
		return warn("backup_none", found, "If the disk fails now, everything is gone.", "Make one now: turtus backup. A running server makes one each night.")
	case b.Now().Sub(k.Newest) > backupAge:
		return warn("backup_old", found, "The last night has made none.", "Make one now: turtus backup. If the server has run all night, look into its log.")
	}
	return ok("%s", found)
}
