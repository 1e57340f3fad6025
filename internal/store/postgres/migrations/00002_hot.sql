-- +goose Up

-- Hot columns (hot.go): hot is the layout that the rows of a type are filled
-- by, '' while they are being filled; filling, fill_rid and fill_part say how
-- far that has come.
ALTER TABLE resource_type
  ADD COLUMN hot       text COLLATE "C" NOT NULL DEFAULT '',
  ADD COLUMN filling   text COLLATE "C" NOT NULL DEFAULT '',
  ADD COLUMN fill_rid  int8 NOT NULL DEFAULT -1,
  ADD COLUMN fill_part int2 NOT NULL DEFAULT -1;

-- What the template in kind.go gives new types.
-- +goose StatementBegin
DO $$
DECLARE r text;
BEGIN
  FOR r IN SELECT 'r_' || name FROM resource_type LOOP
    EXECUTE format('ALTER TABLE %I ADD COLUMN hot_who int8, ADD COLUMN hot_by int8, ADD COLUMN hot_state int8,
      ADD COLUMN hot_day int8, ADD COLUMN hot_end int8, ADD COLUMN cold bool NOT NULL DEFAULT true', r);
    EXECUTE format('CREATE INDEX %I ON %I (hot_who, rid, part) WHERE hot_who IS NOT NULL', r || '_who', r);
    EXECUTE format('CREATE INDEX %I ON %I (hot_by, rid, part) WHERE hot_by IS NOT NULL', r || '_by', r);
    EXECUTE format('CREATE INDEX %I ON %I (hot_state, hot_day, hot_end) WHERE hot_state IS NOT NULL', r || '_state', r);
    EXECUTE format('CREATE INDEX %I ON %I (rid, part) WHERE cold', r || '_cold', r);
  END LOOP;
END $$;
-- +goose StatementEnd
