package rooms

import "turtus/services/postgres/db"

// storedPolicy is what the room's owner chose, else the usual.
func storedPolicy(room db.Room) Policy {
	p := UsualPolicy
	if room.MemberPermissions != nil && room.GuestPermissions != nil {
		p = Policy{Member: Permissions(*room.MemberPermissions), Guest: Permissions(*room.GuestPermissions)}
	}
	p.ControlLocked = room.ControlLocked
	return p
}

// policyColumns are NULL for the usual: so a room that chose nothing of its own follows what becomes usual later.
func policyColumns(p Policy) (member, guest *int32) {
	if p == UsualPolicy {
		return nil, nil
	}
	return new(int32(p.Member)), new(int32(p.Guest))
}
