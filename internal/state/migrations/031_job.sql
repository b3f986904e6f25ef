-- what a job works on as keys and values, so that each reader has it in his language
ALTER TABLE jobs ADD COLUMN words TEXT NOT NULL DEFAULT '[]';        -- JSON; [] = about is all
