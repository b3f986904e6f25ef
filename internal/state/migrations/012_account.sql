-- changes of people, tokens and proposals that are about to be sealed: the row as it
-- will be, so that it can be completed when the power fails between leaf and row
CREATE TABLE changes (
  kind TEXT NOT NULL,                -- of the leaf
  id INTEGER NOT NULL,               -- of the row
  row TEXT NOT NULL,                 -- JSON, columns and values
  PRIMARY KEY (kind, id)
) STRICT;

-- failures of log-in, by name, browser, address
CREATE TABLE tries (
  key TEXT PRIMARY KEY,              -- SHA-256: what was typed as a name may be a password
  n INTEGER NOT NULL,
  last INTEGER NOT NULL,             -- Unix seconds
  until INTEGER NOT NULL             -- Unix seconds, 0 = waits for nothing
) STRICT;
