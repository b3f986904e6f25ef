-- What is known and can be found out again, so that a start need not; and what
-- people have done with once for all.
CREATE TABLE known (
  name TEXT PRIMARY KEY,
  version TEXT NOT NULL,
  at INTEGER NOT NULL,               -- Unix seconds
  value TEXT NOT NULL                -- JSON
) STRICT;
