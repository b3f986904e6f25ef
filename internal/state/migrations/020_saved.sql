CREATE TABLE saved_searches (
  id INTEGER PRIMARY KEY,
  owner TEXT NOT NULL COLLATE NOCASE, -- log-in name
  name TEXT NOT NULL,
  url TEXT NOT NULL,                  -- path and query of a search page
  shared INTEGER NOT NULL DEFAULT 0,
  made INTEGER NOT NULL,              -- Unix seconds
  UNIQUE (owner, name)
) STRICT;
