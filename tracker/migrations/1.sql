-- Times are nanoseconds since 1970, UTC, where a column does not say otherwise.
-- Everything here can be made again from the journals and plans of the store.

CREATE TABLE journal (
  id   INTEGER PRIMARY KEY,
  path TEXT NOT NULL UNIQUE,            -- below the store's folder, with slashes
  next INTEGER NOT NULL,                -- bytes that are in the database
  lost INTEGER NOT NULL DEFAULT 0,      -- of these, bytes that held no record
  tail INTEGER NOT NULL DEFAULT 0       -- bytes behind them that are no whole record and never will be
) STRICT;

CREATE TABLE plan (
  sweep TEXT PRIMARY KEY,
  stamp TEXT NOT NULL                   -- size and time of the plan.json that was read
) STRICT, WITHOUT ROWID;

-- Which runs belong to which sweep: planned by it (whoever ran them), or started
-- by it. A run that has no attempt yet is here and not in run.
CREATE TABLE membership (
  sweep   TEXT NOT NULL,
  run     TEXT NOT NULL,
  planned INTEGER NOT NULL CHECK (planned IN (0, 1)),
  PRIMARY KEY (sweep, run, planned)
) STRICT, WITHOUT ROWID;
CREATE INDEX membership_run ON membership (run, sweep);

CREATE TABLE inputs (
  id   INTEGER PRIMARY KEY,
  body TEXT NOT NULL UNIQUE             -- JSON: SHA-256 of data and weights by name
) STRICT;

CREATE TABLE run (
  id        INTEGER PRIMARY KEY,
  name      TEXT NOT NULL UNIQUE,       -- the run id of the laboratory
  arm       TEXT NOT NULL,
  benchmark TEXT NOT NULL,
  model     TEXT NOT NULL,
  seed      INTEGER NOT NULL,
  label     TEXT NOT NULL,              -- for people: the model and what is unusual
  inputs    INTEGER NOT NULL REFERENCES inputs,
  -- Of the latest attempt, which decides where the run stands.
  attempt   INTEGER NOT NULL DEFAULT 0,
  state     TEXT NOT NULL DEFAULT 'running'
            CHECK (state IN ('running', 'done', 'failed', 'diverged', 'stopped', 'lost', 'pruned')),
  started   INTEGER NOT NULL DEFAULT 0,
  finished  INTEGER
) STRICT;
CREATE INDEX run_open ON run (name, attempt) WHERE state <> 'done';

CREATE TABLE attempt (
  journal         INTEGER PRIMARY KEY REFERENCES journal,
  run             INTEGER NOT NULL REFERENCES run,
  number          INTEGER NOT NULL,     -- from 1
  state           TEXT NOT NULL
                  CHECK (state IN ('running', 'done', 'failed', 'diverged', 'stopped', 'lost', 'pruned')),
  class           TEXT NOT NULL,
  error           TEXT NOT NULL,
  output          TEXT NOT NULL,        -- last lines of standard error
  started         INTEGER NOT NULL,
  heard           INTEGER NOT NULL,     -- time of the last record
  finished        INTEGER,              -- NULL while it runs; as heard where the process vanished
  resume_attempt  INTEGER NOT NULL,     -- 0: anew
  resume_step     INTEGER NOT NULL,
  until           INTEGER,              -- its points up to this step are the run's; NULL: none are
  checkpoint      TEXT NOT NULL,        -- file beside the journal
  checkpoint_step INTEGER NOT NULL,
  host            TEXT NOT NULL,
  device          TEXT NOT NULL,
  environment     TEXT NOT NULL,        -- JSON
  UNIQUE (run, number)
) STRICT;
CREATE INDEX attempt_open ON attempt (journal) WHERE state IN ('running', 'lost');

CREATE TABLE key (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE             -- of the spec: ib.beta_text
) STRICT;

-- What decided the run: the keys that its model reads.
CREATE TABLE param (
  run  INTEGER NOT NULL REFERENCES run,
  key  INTEGER NOT NULL REFERENCES key,
  int  INTEGER,
  real REAL,
  text TEXT,
  bool INTEGER CHECK (bool IN (0, 1)),
  PRIMARY KEY (run, key),
  CHECK ((int IS NOT NULL) + (real IS NOT NULL) + (text IS NOT NULL) + (bool IS NOT NULL) = 1)
) STRICT, WITHOUT ROWID;

CREATE TABLE metric (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE             -- dev.f1
) STRICT;

-- A series is one metric of one attempt.
CREATE TABLE series (
  id      INTEGER PRIMARY KEY,
  attempt INTEGER NOT NULL REFERENCES attempt,
  metric  INTEGER NOT NULL REFERENCES metric,
  UNIQUE (attempt, metric)
) STRICT;

CREATE TABLE point (
  series INTEGER NOT NULL REFERENCES series,
  step   INTEGER NOT NULL,
  value  REAL,
  kind   TEXT CHECK (kind IN ('nan', '+inf', '-inf')),
  at     INTEGER NOT NULL,              -- milliseconds since the attempt started
  PRIMARY KEY (series, step),
  CHECK ((value IS NULL) = (kind IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- One row per metric of a run, over the points that count (see attempt.until).
CREATE TABLE summary (
  run       INTEGER NOT NULL REFERENCES run,
  metric    INTEGER NOT NULL REFERENCES metric,
  n         INTEGER NOT NULL,
  last_step INTEGER NOT NULL,
  last      REAL,
  last_kind TEXT CHECK (last_kind IN ('nan', '+inf', '-inf')),
  min_step  INTEGER,                    -- of finite values; NULL where there is none
  min       REAL,
  max_step  INTEGER,
  max       REAL,
  PRIMARY KEY (run, metric),
  CHECK ((last IS NULL) = (last_kind IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE artifact (
  attempt INTEGER NOT NULL REFERENCES attempt,
  name    TEXT NOT NULL,                -- predictions.dev
  step    INTEGER NOT NULL,
  sha256  TEXT NOT NULL,
  size    INTEGER NOT NULL,
  PRIMARY KEY (attempt, name, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
  journal INTEGER NOT NULL REFERENCES journal,
  offset  INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  kind    TEXT NOT NULL,
  text    TEXT NOT NULL,
  PRIMARY KEY (journal, offset)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_at ON event (at);

-- Entries of people, control lines, proposals of samplers, looks at test scores.
CREATE TABLE entry (
  journal INTEGER NOT NULL REFERENCES journal,
  offset  INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  kind    TEXT NOT NULL,
  body    TEXT NOT NULL,                -- JSON
  PRIMARY KEY (journal, offset)
) STRICT, WITHOUT ROWID;
CREATE INDEX entry_kind ON entry (kind, at);

-- What people decided, by the run's name: a decision may be read before the run.
CREATE TABLE tag (
  run TEXT NOT NULL,
  tag TEXT NOT NULL,
  PRIMARY KEY (run, tag)
) STRICT, WITHOUT ROWID;

CREATE TABLE edit (
  run      TEXT PRIMARY KEY,
  note     TEXT NOT NULL DEFAULT '',
  binned   INTEGER NOT NULL DEFAULT 0 CHECK (binned IN (0, 1)),
  priority INTEGER NOT NULL DEFAULT 0,
  retry    INTEGER NOT NULL DEFAULT 0   -- an attempt after this one is asked for
) STRICT, WITHOUT ROWID;

-- The documented views. They change only by growing columns.

CREATE VIEW runs AS
SELECT r.name AS id, r.arm,
  CASE WHEN e.retry >= r.attempt AND r.state <> 'done' AND r.state <> 'running' THEN 'queued' ELSE r.state END AS state,
  a.class, a.error, r.benchmark, r.model, r.seed, r.label,
  (SELECT group_concat(sweep, ' ') FROM (SELECT DISTINCT sweep FROM membership m WHERE m.run = r.name ORDER BY sweep)) AS sweeps,
  r.attempt AS attempts,
  strftime('%Y-%m-%dT%H:%M:%fZ', r.started / 1e9, 'unixepoch') AS started,
  strftime('%Y-%m-%dT%H:%M:%fZ', r.finished / 1e9, 'unixepoch') AS finished,
  (r.finished - r.started) / 1e9 AS seconds,
  (SELECT max(last_step) FROM summary s WHERE s.run = r.id) AS steps,
  (SELECT group_concat(tag, ' ') FROM (SELECT tag FROM tag t WHERE t.run = r.name ORDER BY tag)) AS tags,
  coalesce(e.note, '') AS note, coalesce(e.binned, 0) AS binned, a.host, a.device,
  i.body AS inputs, a.environment
FROM run r
JOIN attempt a ON a.run = r.id AND a.number = r.attempt
JOIN inputs i ON i.id = r.inputs
LEFT JOIN edit e ON e.run = r.name;

CREATE VIEW params AS
SELECT r.name AS run, k.name AS key,
  CASE WHEN p.int IS NOT NULL THEN 'int' WHEN p.real IS NOT NULL THEN 'real' WHEN p.text IS NOT NULL THEN 'text' ELSE 'bool' END AS type,
  coalesce(p.real, p.int, p.bool) AS number, p.text,
  coalesce(p.real, p.int, p.bool, p.text) AS value
FROM param p JOIN run r ON r.id = p.run JOIN key k ON k.id = p.key;

CREATE VIEW metrics AS
SELECT r.name AS run, m.name AS metric, s.n, s.last, coalesce(s.last_kind, 'finite') AS last_kind, s.last_step,
  s.min, s.min_step, s.max, s.max_step
FROM summary s JOIN run r ON r.id = s.run JOIN metric m ON m.id = s.metric;

-- Where two attempts that count have a point of one metric at one step, the
-- later attempt's counts.
CREATE VIEW points AS
SELECT r.name AS run, m.name AS metric, p.step, p.value, coalesce(p.kind, 'finite') AS kind, a.number AS attempt,
  strftime('%Y-%m-%dT%H:%M:%fZ', (a.started / 1000000 + p.at) / 1e3, 'unixepoch') AS at
FROM run r
JOIN attempt a ON a.run = r.id
JOIN series s ON s.attempt = a.journal
JOIN metric m ON m.id = s.metric
JOIN point p ON p.series = s.id AND p.step <= a.until
WHERE NOT EXISTS (
  SELECT 1 FROM attempt b
  JOIN series t ON t.attempt = b.journal AND t.metric = s.metric
  JOIN point q ON q.series = t.id AND q.step = p.step
  WHERE b.run = a.run AND b.number > a.number AND p.step <= b.until);

CREATE VIEW attempts AS
SELECT r.name AS run, a.number AS attempt, a.state, a.class, a.error, a.output,
  strftime('%Y-%m-%dT%H:%M:%fZ', a.started / 1e9, 'unixepoch') AS started,
  strftime('%Y-%m-%dT%H:%M:%fZ', a.finished / 1e9, 'unixepoch') AS finished,
  nullif(a.resume_attempt, 0) AS resume_attempt, a.resume_step, a.until,
  a.checkpoint, a.checkpoint_step, a.host, a.device, a.environment, j.lost + j.tail AS bytes_lost
FROM attempt a JOIN run r ON r.id = a.run JOIN journal j ON j.id = a.journal;

CREATE VIEW artifacts AS
SELECT r.name AS run, a.number AS attempt, f.name, f.step, f.sha256, f.size
FROM artifact f JOIN attempt a ON a.journal = f.attempt JOIN run r ON r.id = a.run;

CREATE VIEW events AS
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', e.at / 1e9, 'unixepoch') AS at, r.name AS run, a.number AS attempt, j.path AS journal, e.kind, e.text
FROM event e JOIN journal j ON j.id = e.journal
LEFT JOIN attempt a ON a.journal = e.journal LEFT JOIN run r ON r.id = a.run;

CREATE VIEW entries AS
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', e.at / 1e9, 'unixepoch') AS at, j.path AS journal, e.kind, e.body
FROM entry e JOIN journal j ON j.id = e.journal;

-- The ledger of looks at test scores.
CREATE VIEW looks AS
SELECT at, body FROM entries WHERE kind = 'look';
