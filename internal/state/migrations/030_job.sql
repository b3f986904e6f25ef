CREATE TABLE jobs (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  by_id INTEGER NOT NULL,            -- of the person, 0 = the local owner
  by_name TEXT NOT NULL,
  visitor TEXT NOT NULL,             -- JSON: rights and scope at the start
  need INTEGER NOT NULL,             -- rights that taking the results needs
  about TEXT NOT NULL,               -- what it works on, in words
  params TEXT NOT NULL,              -- JSON, of the kind
  state TEXT NOT NULL,
  created INTEGER NOT NULL,          -- Unix ns, as the other times
  started INTEGER NOT NULL DEFAULT 0,
  ended INTEGER NOT NULL DEFAULT 0,
  attempt INTEGER NOT NULL DEFAULT 0,
  done INTEGER NOT NULL DEFAULT 0,
  whole INTEGER NOT NULL DEFAULT 0,  -- 0 = unknown
  unit TEXT NOT NULL DEFAULT '',
  messages TEXT NOT NULL DEFAULT '[]',
  detail TEXT NOT NULL DEFAULT '',   -- error for the operator
  removed INTEGER NOT NULL DEFAULT 0 -- when its files went
) STRICT;
CREATE INDEX jobs_state ON jobs (state, created);
CREATE INDEX jobs_by ON jobs (by_id, by_name, created);
CREATE TABLE job_files (
  job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  size INTEGER NOT NULL,             -- bytes
  sha256 TEXT NOT NULL,
  PRIMARY KEY (job, name)
) STRICT;
