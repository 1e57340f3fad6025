-- +goose Up

-- Small numbers for the names of types ("Bird") and of parameters of a type
-- ("Bird.colour"), so that no index row repeats a name.
CREATE TABLE name (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
);

-- The current version of every resource. rid is unique without part; part is
-- kept for the day the data moves to a database that is split by it.
CREATE TABLE resource (
  rid     INTEGER PRIMARY KEY,
  part    INTEGER NOT NULL,
  type    INTEGER NOT NULL,
  id      TEXT    NOT NULL,
  ref     INTEGER NOT NULL,  -- Hasher.Target of "Type/id": how ids and references are found
  ver     INTEGER NOT NULL,
  updated INTEGER NOT NULL,  -- also the key of the version's row
  deleted INTEGER NOT NULL
);
CREATE INDEX resource_ref     ON resource (ref);
CREATE INDEX resource_live    ON resource (type) WHERE deleted = 0;
CREATE INDEX resource_updated ON resource (type, updated) WHERE deleted = 0;

-- Every version, append-only. updated is unique in the database and grows with
-- the order of commits, so it is the key, and histories need no sorting.
CREATE TABLE version (
  updated INTEGER PRIMARY KEY,
  rid     INTEGER NOT NULL,
  ver     INTEGER NOT NULL,
  type    INTEGER NOT NULL,
  method  TEXT    NOT NULL,
  deleted INTEGER NOT NULL,
  managed INTEGER NOT NULL,
  dict    INTEGER NOT NULL,  -- zstd dictionary of the body: 0 none
  body    BLOB    NOT NULL
);
CREATE UNIQUE INDEX version_resource ON version (rid, ver);
CREATE INDEX version_type            ON version (type);

-- What a resource is found by. search_key holds what is matched exactly, but
-- references; the others are stored beside the resource and indexed by value.
CREATE TABLE search_key (
  key INTEGER NOT NULL,      -- Hasher.Keys, mixed with the type
  rid INTEGER NOT NULL,
  PRIMARY KEY (key, rid)
) WITHOUT ROWID;

CREATE TABLE search_link (
  rid    INTEGER NOT NULL,
  tp     INTEGER NOT NULL,   -- type and parameter, a number of table name
  target INTEGER NOT NULL,   -- resource.ref, or the hash of a text that is no local reference
  PRIMARY KEY (rid, tp, target)
) WITHOUT ROWID;
CREATE INDEX search_link_target ON search_link (tp, target);

CREATE TABLE search_range (
  rid INTEGER NOT NULL,
  tp  INTEGER NOT NULL,
  lo  INTEGER NOT NULL,
  hi  INTEGER NOT NULL,
  PRIMARY KEY (rid, tp, lo, hi)
) WITHOUT ROWID;
CREATE INDEX search_range_lo ON search_range (tp, lo);
CREATE INDEX search_range_hi ON search_range (tp, hi);

CREATE TABLE search_word (
  rid  INTEGER NOT NULL,
  tp   INTEGER NOT NULL,
  n    INTEGER NOT NULL,     -- counts the rows of a resource in the order of tp, norm
  norm TEXT    NOT NULL,
  text TEXT    NOT NULL,
  PRIMARY KEY (rid, tp, n)
) WITHOUT ROWID;
-- The head of a text is enough to find and to sort by, and bounds the index.
CREATE INDEX search_word_head ON search_word (tp, substr(norm, 1, 200));

-- What must be known of a resource's index rows to replace them.
CREATE TABLE search_entry (
  rid   INTEGER PRIMARY KEY,
  keys  BLOB    NOT NULL,    -- its rows in search_key, 8 bytes each
  codes BLOB    NOT NULL,    -- smallest and largest code of each parameter, to sort by
  rest  INTEGER NOT NULL     -- a hash of its rows in the other tables
);

-- The systems of tokens, to answer a code asked without its system.
CREATE TABLE token_system (
  tp     INTEGER NOT NULL,
  system TEXT    NOT NULL,
  PRIMARY KEY (tp, system)
) WITHOUT ROWID;

CREATE TABLE guard (
  key     TEXT PRIMARY KEY,
  version INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE submission (
  space   TEXT NOT NULL,
  digest  BLOB NOT NULL,
  target  TEXT NOT NULL,
  content BLOB NOT NULL,
  PRIMARY KEY (space, digest)
) WITHOUT ROWID;

CREATE TABLE message (
  n        INTEGER PRIMARY KEY,
  id       TEXT    NOT NULL UNIQUE,
  target   TEXT    NOT NULL,
  kind     TEXT    NOT NULL,
  ref      TEXT    NOT NULL,
  body     BLOB,                -- null: the resource at ref
  created  INTEGER NOT NULL,
  state    TEXT    NOT NULL,
  attempts INTEGER NOT NULL,
  next_at  INTEGER NOT NULL,
  status   INTEGER NOT NULL,
  answer   TEXT    NOT NULL,
  error    TEXT    NOT NULL
);
CREATE INDEX message_due     ON message (next_at) WHERE state = 'waiting';
CREATE INDEX message_created ON message (created);
CREATE INDEX message_error   ON message (error) WHERE error <> '';

CREATE TABLE audit (
  seq         INTEGER PRIMARY KEY,
  id          TEXT    NOT NULL,
  at          INTEGER NOT NULL,
  interaction TEXT    NOT NULL,
  action      TEXT    NOT NULL,
  outcome     TEXT    NOT NULL,
  type        TEXT    NOT NULL,
  ref         TEXT    NOT NULL,
  patient     TEXT    NOT NULL,
  agent       TEXT    NOT NULL,
  user        TEXT    NOT NULL,
  network     TEXT    NOT NULL,
  request     TEXT    NOT NULL,
  query       TEXT    NOT NULL
);
CREATE INDEX audit_id      ON audit (id);
CREATE INDEX audit_at      ON audit (at);
CREATE INDEX audit_patient ON audit (patient) WHERE patient <> '';
CREATE INDEX audit_ref     ON audit (ref) WHERE ref <> '';

-- A block covers the rows after the last of the block before, to its own last.
CREATE TABLE seal (
  n    INTEGER PRIMARY KEY,
  last INTEGER NOT NULL,
  at   INTEGER NOT NULL,
  hash BLOB    NOT NULL
);

CREATE TABLE counter (
  name  TEXT PRIMARY KEY,
  value INTEGER NOT NULL      -- the last number given
) WITHOUT ROWID;

CREATE TABLE secret (
  name  TEXT PRIMARY KEY,
  value BLOB NOT NULL
) WITHOUT ROWID;

-- Who may make places under a node number, and up to which millisecond.
CREATE TABLE node (
  id    INTEGER PRIMARY KEY,
  owner TEXT    NOT NULL,
  floor INTEGER NOT NULL
);

CREATE TABLE ping (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL
);
