CREATE TABLE people (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE COLLATE NOCASE,
  shown TEXT NOT NULL DEFAULT '',
  roles TEXT NOT NULL,               -- separated by commas
  servers TEXT NOT NULL DEFAULT '[]', -- JSON list of the scope
  folders TEXT NOT NULL DEFAULT '[]',
  password TEXT NOT NULL,            -- argon2id in PHC form
  totp TEXT NOT NULL DEFAULT '',     -- secret, '' = not set up
  lang TEXT NOT NULL DEFAULT '',
  zone TEXT NOT NULL DEFAULT '',
  dense INTEGER NOT NULL DEFAULT 0,
  disabled INTEGER NOT NULL DEFAULT 0,
  created INTEGER NOT NULL,          -- Unix seconds
  created_by TEXT NOT NULL
) STRICT;
