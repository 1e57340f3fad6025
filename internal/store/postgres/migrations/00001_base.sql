-- +goose Up

-- Which resource types have tables: r_<Type> and r_<Type>_version, made on
-- first use from the template in kind.go.
CREATE TABLE resource_type (
  name text COLLATE "C" PRIMARY KEY
);

-- Ids chosen by clients, unique per type. Ids made by the server hold their
-- place and need no row.
CREATE TABLE client_id (
  typ  text COLLATE "C" NOT NULL,
  fid  text COLLATE "C" NOT NULL,
  rid  int8 NOT NULL,
  part int2 NOT NULL,
  PRIMARY KEY (typ, fid)
);

-- Strings and uris. param is the hash of "Type.parameter". norm is the folded
-- text, cut so that it fits an index entry; whole is all of it when it was
-- cut; raw is the text as written when it differs from the folded one.
CREATE TABLE word (
  param int8 NOT NULL,
  rid   int8 NOT NULL,
  part  int2 NOT NULL,
  norm  text COLLATE "C" NOT NULL,
  whole text COLLATE "C",
  raw   text COLLATE "C"
) WITH (autovacuum_vacuum_insert_scale_factor = 0.02);
CREATE INDEX word_value ON word (param, norm, rid, part);
CREATE INDEX word_place ON word (rid, part, param);

-- Dates (microseconds, UTC), numbers and quantities (see search.Ordered).
CREATE TABLE span (
  param int8 NOT NULL,
  lo    int8 NOT NULL,
  hi    int8 NOT NULL,
  rid   int8 NOT NULL,
  part  int2 NOT NULL
) WITH (autovacuum_vacuum_insert_scale_factor = 0.02);
CREATE INDEX span_value ON span (param, lo, hi, rid, part);
CREATE INDEX span_place ON span (rid, part, param);

-- The text behind the keys of tokens and references, once per distinct key:
-- what _sort by them compares.
CREATE TABLE code (
  param int8 NOT NULL,
  key   int8 NOT NULL,
  value text COLLATE "C" NOT NULL,
  PRIMARY KEY (param, key)
);

-- The systems seen under a token parameter, from which a token asked for
-- without its system is expanded. bytea: any text, also with NUL, comes back.
CREATE TABLE token_system (
  param  int8 NOT NULL,
  digest int8 NOT NULL,
  system bytea NOT NULL,
  PRIMARY KEY (param, digest)
);

-- Version 0 is a guard that is not there: the row only carries its lock.
CREATE TABLE guard (
  key     text COLLATE "C" PRIMARY KEY,
  version int8 NOT NULL
) WITH (fillfactor = 70);

-- Uniqueness claims, such as the idempotency of a submission.
CREATE TABLE submission (
  space   text COLLATE "C" NOT NULL,
  digest  bytea NOT NULL,
  target  text COLLATE "C" NOT NULL,
  content bytea NOT NULL,
  PRIMARY KEY (space, digest)
);

-- Outgoing messages. seq orders them by age.
CREATE TABLE message (
  id       text COLLATE "C" PRIMARY KEY,
  seq      int8 GENERATED ALWAYS AS IDENTITY,
  target   text COLLATE "C" NOT NULL,
  kind     text COLLATE "C" NOT NULL,
  ref      text COLLATE "C" NOT NULL,
  body     bytea,
  created  int8 NOT NULL,
  state    text COLLATE "C" NOT NULL,
  attempts int4 NOT NULL,
  next_at  int8 NOT NULL,
  status   int4 NOT NULL,
  answer   text COLLATE "C" NOT NULL,
  error    text COLLATE "C" NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX message_due ON message (next_at, seq) WHERE state = 'waiting';
CREATE INDEX message_target ON message (target, state, seq);

-- The audit trail. id is null when the store made it: then it is the text of
-- seq. stamp is the moment of the transaction, below which blocks are sealed.
CREATE TABLE audit (
  seq         int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  stamp       int8 NOT NULL,
  at          int8 NOT NULL,
  id          text COLLATE "C",
  interaction text COLLATE "C" NOT NULL,
  action      text COLLATE "C" NOT NULL,
  outcome     text COLLATE "C" NOT NULL,
  type        text COLLATE "C" NOT NULL,
  ref         text COLLATE "C" NOT NULL,
  patient     text COLLATE "C" NOT NULL,
  agent       text COLLATE "C" NOT NULL,
  person      text COLLATE "C" NOT NULL,
  network     text COLLATE "C" NOT NULL,
  request     text COLLATE "C" NOT NULL,
  query       text COLLATE "C" NOT NULL
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05);
CREATE INDEX audit_stamp ON audit (stamp);
CREATE INDEX audit_at ON audit USING brin (at);
CREATE INDEX audit_id ON audit (id) WHERE id IS NOT NULL;
CREATE INDEX audit_ref ON audit (ref, seq) WHERE ref <> '';
CREATE INDEX audit_patient ON audit (patient, seq) WHERE patient <> '';

-- Blocks of the trail: block n covers the rows with stamp in [upto of block
-- n-1, upto).
CREATE TABLE seal (
  block int8 PRIMARY KEY,
  upto  int8 NOT NULL,
  rows  int8 NOT NULL,
  hash  bytea NOT NULL
);

CREATE TABLE counter (
  name  text COLLATE "C" PRIMARY KEY,
  value int8 NOT NULL
) WITH (fillfactor = 20);

CREATE TABLE secret (
  name  text COLLATE "C" PRIMARY KEY,
  value bytea NOT NULL
);

-- Leases of node numbers, the middle bits of every rid. No rid of the node is
-- above floor (milliseconds): what comes after must ask again.
CREATE TABLE node (
  number  int2 PRIMARY KEY,
  owner   text COLLATE "C" NOT NULL,
  expires int8 NOT NULL,
  floor   int8 NOT NULL,
  pinged  int8 NOT NULL
) WITH (fillfactor = 20);

-- The highest moment below which anything has been shown in commit order:
-- later transactions stamp themselves at it or above. See horizon.go.
CREATE TABLE horizon (
  at int8 NOT NULL
) WITH (fillfactor = 10);
INSERT INTO horizon (at) VALUES (0);

-- Ends a transaction when something is there that must not be.
-- +goose StatementBegin
CREATE FUNCTION refuse(taken bool) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF taken THEN
    RAISE EXCEPTION 'an id is taken' USING ERRCODE = 'JM001';
  END IF;
END $$;
-- +goose StatementEnd

-- The logical id of a place, as store.Place.ID writes it: base32 of part and
-- rid, 80 bits.
-- +goose StatementBegin
CREATE FUNCTION place_id(part int2, rid int8) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT string_agg(substr('0123456789abcdefghjkmnpqrstvwxyz',
    1 + ((CASE WHEN i < 8 THEN (part::int8 << 24) | (rid >> 40) ELSE rid & 1099511627775 END) >> (35 - 5 * (i % 8)) & 31)::int4, 1), '' ORDER BY i)
  FROM generate_series(0, 15) i
$$;
-- +goose StatementEnd
