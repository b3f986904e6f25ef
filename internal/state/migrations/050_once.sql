-- First answers of requests that begin something, by the key that their program gave.
CREATE TABLE answers (
  person INTEGER NOT NULL,
  name TEXT NOT NULL,                -- log-in name
  token TEXT NOT NULL,               -- name of the API token, '' = a session
  key TEXT NOT NULL,
  print TEXT NOT NULL,               -- SHA-256 of what was sent
  scope TEXT NOT NULL,               -- SHA-256 of what the asker might see and do
  run TEXT NOT NULL,                 -- of the process that answers
  begun INTEGER NOT NULL,            -- Unix ns
  ended INTEGER NOT NULL DEFAULT 0,  -- Unix ns, 0 = not yet
  status INTEGER NOT NULL DEFAULT 0,
  header TEXT NOT NULL DEFAULT '{}', -- JSON
  body BLOB NOT NULL DEFAULT x'',
  kept INTEGER NOT NULL DEFAULT 0,   -- 0 = the content is told once
  PRIMARY KEY (person, name, token, key)
) STRICT;
CREATE INDEX answers_begun ON answers (begun);
