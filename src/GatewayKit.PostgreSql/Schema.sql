-- The copy of the audit journals of GatewayKit gateways. Running it again is harmless.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['@owner', '@checkpoint_owner'] LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN EXECUTE format('CREATE ROLE %I NOLOGIN', role); END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            -- Roles are the server's: somebody made it for another database meanwhile.
            NULL;
        END;
    END LOOP;
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO @shipper', current_database());
END $$;

CREATE SCHEMA IF NOT EXISTS @schema;
GRANT USAGE ON SCHEMA @schema TO @owner, @checkpoint_owner, @shipper;
GRANT CREATE ON SCHEMA @schema TO @owner;

-- One row a line. What the hashes cover is line, byte by byte; the other columns are there to be searched.
CREATE TABLE IF NOT EXISTS @schema.records (
    inst text NOT NULL,
    boot uuid NOT NULL,
    seq bigint NOT NULL,
    day date NOT NULL,
    ts timestamptz NOT NULL,
    kind text NOT NULL,
    event text,
    rid text,
    route text,
    sub text,
    st integer,
    outcome text,
    h text NOT NULL,
    line text NOT NULL,
    PRIMARY KEY (inst, boot, seq, day)
) PARTITION BY RANGE (day);

-- For days that a clock has invented. Those that may be have partitions of their own, which open_day makes.
CREATE TABLE IF NOT EXISTS @schema.records_other PARTITION OF @schema.records DEFAULT;

CREATE INDEX IF NOT EXISTS records_ts ON @schema.records USING brin (ts);
CREATE INDEX IF NOT EXISTS records_sub ON @schema.records (sub, ts) WHERE sub IS NOT NULL;
CREATE INDEX IF NOT EXISTS records_route ON @schema.records (route, ts) WHERE route IS NOT NULL;
CREATE INDEX IF NOT EXISTS records_rid ON @schema.records (rid) WHERE rid IS NOT NULL;

-- What was signed, in the order in which it came.
CREATE TABLE IF NOT EXISTS @schema.checkpoints (
    id bigint GENERATED ALWAYS AS IDENTITY,
    inst text NOT NULL,
    boot uuid NOT NULL,
    segment integer NOT NULL,
    seq bigint NOT NULL,
    h text NOT NULL,
    ts timestamptz NOT NULL,
    key_id text NOT NULL,
    sig text NOT NULL,
    line text NOT NULL,
    received timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (inst, boot, sig)
);

-- How far each instance has come. Not part of the record: a gateway goes by it only as far as its own file says as much, so whoever changes it makes it send again what is there already.
CREATE TABLE IF NOT EXISTS @schema.positions (
    inst text NOT NULL,
    boot uuid NOT NULL,
    segment integer NOT NULL,
    place bigint NOT NULL,
    checkpoint_segment integer NOT NULL,
    checkpoint_place bigint NOT NULL,
    PRIMARY KEY (inst, boot)
);

CREATE OR REPLACE FUNCTION @schema.refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'An audit journal is not changed: % of %.', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE OR REPLACE TRIGGER keep BEFORE UPDATE OR DELETE ON @schema.records FOR EACH ROW EXECUTE FUNCTION @schema.refuse_change();
CREATE OR REPLACE TRIGGER keep_all BEFORE TRUNCATE ON @schema.records FOR EACH STATEMENT EXECUTE FUNCTION @schema.refuse_change();
CREATE OR REPLACE TRIGGER keep_all BEFORE TRUNCATE ON @schema.records_other FOR EACH STATEMENT EXECUTE FUNCTION @schema.refuse_change();
CREATE OR REPLACE TRIGGER keep BEFORE UPDATE OR DELETE ON @schema.checkpoints FOR EACH ROW EXECUTE FUNCTION @schema.refuse_change();
CREATE OR REPLACE TRIGGER keep_all BEFORE TRUNCATE ON @schema.checkpoints FOR EACH STATEMENT EXECUTE FUNCTION @schema.refuse_change();

-- Makes the partition of a day, with the rights of the owner: who adds records need not be able to make tables.
CREATE OR REPLACE FUNCTION @schema.open_day(wanted date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    name text := 'records_' || to_char(wanted, 'YYYYMMDD');
BEGIN
    -- Nobody has a journal of 2,000 days, and nobody one of the day after tomorrow: such days go to records_other, so that a clock cannot fill the catalogue.
    IF wanted < current_date - 2000 OR wanted > current_date + 1 OR to_regclass('@schema.' || name) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('@schema.open_day', 0));
    IF to_regclass('@schema.' || name) IS NULL THEN
        EXECUTE format('CREATE TABLE @schema.%I PARTITION OF @schema.records FOR VALUES FROM (%L) TO (%L)', name, wanted, wanted + 1);
        EXECUTE format('CREATE TRIGGER keep_all BEFORE TRUNCATE ON @schema.%I FOR EACH STATEMENT EXECUTE FUNCTION @schema.refuse_change()', name);
    END IF;
EXCEPTION WHEN check_violation THEN
    -- Records of that day came before it could be, and stay where they are.
    NULL;
END $$;

ALTER TABLE @schema.records OWNER TO @owner;
ALTER TABLE @schema.records_other OWNER TO @owner;
ALTER TABLE @schema.positions OWNER TO @owner;
ALTER FUNCTION @schema.open_day(date) OWNER TO @owner;
ALTER TABLE @schema.checkpoints OWNER TO @checkpoint_owner;

REVOKE ALL ON FUNCTION @schema.open_day(date) FROM PUBLIC;
REVOKE ALL ON @schema.records, @schema.records_other, @schema.checkpoints, @schema.positions FROM @shipper;
GRANT EXECUTE ON FUNCTION @schema.open_day(date) TO @shipper;
GRANT SELECT, INSERT ON @schema.records, @schema.checkpoints TO @shipper;
GRANT SELECT, INSERT, UPDATE ON @schema.positions TO @shipper;
