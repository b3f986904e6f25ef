ALTER TABLE people ADD COLUMN epoch INTEGER NOT NULL DEFAULT 1;      -- sessions of an earlier one are over
ALTER TABLE people ADD COLUMN step INTEGER NOT NULL DEFAULT 0;       -- last time step whose code was used
ALTER TABLE people ADD COLUMN codes TEXT NOT NULL DEFAULT '[]';      -- JSON list, SHA-256 of unused recovery codes
ALTER TABLE people ADD COLUMN must_change INTEGER NOT NULL DEFAULT 0; -- the password was set by another person
ALTER TABLE people ADD COLUMN last_login INTEGER NOT NULL DEFAULT 0; -- Unix seconds

CREATE TABLE sessions (
  token TEXT PRIMARY KEY,            -- SHA-256
  data BLOB NOT NULL,
  expiry INTEGER NOT NULL            -- Unix ns
) STRICT;
CREATE INDEX sessions_expiry ON sessions (expiry);

-- browsers from which a person has logged in: their failures are counted apart
CREATE TABLE devices (
  hash TEXT PRIMARY KEY,             -- SHA-256 of the cookie
  person INTEGER NOT NULL REFERENCES people (id),
  seen INTEGER NOT NULL              -- Unix seconds
) STRICT;

CREATE TABLE tokens (
  id INTEGER PRIMARY KEY,
  person INTEGER NOT NULL REFERENCES people (id),
  name TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,         -- SHA-256
  rights TEXT NOT NULL,              -- names, separated by commas
  created INTEGER NOT NULL,          -- Unix seconds
  expires INTEGER NOT NULL,
  used INTEGER NOT NULL DEFAULT 0,
  revoked INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE proposals (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,             -- what the kind's owner wrote, JSON
  ground TEXT NOT NULL,
  by_id INTEGER NOT NULL,
  by_name TEXT NOT NULL,
  created INTEGER NOT NULL,
  decision TEXT NOT NULL DEFAULT '', -- '', 'approved', 'rejected'
  decided_id INTEGER NOT NULL DEFAULT 0,
  decided_name TEXT NOT NULL DEFAULT '',
  decided_ground TEXT NOT NULL DEFAULT '',
  decided INTEGER NOT NULL DEFAULT 0
) STRICT;
