package accounts

// Hasher hashes passwords by argon2id, only so many at once.
type Hasher struct{}
