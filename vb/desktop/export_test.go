package desktop

// Sync returns when the server has done all that was asked of it.
func Sync(in *Input) error { return in.x.do("sync", in.x.sync) }
