-- Looks at the recordings of several Home Assistants in one database; see docs/several-sites.md.
-- Run it as the owner of the database, again after an update: psql --dbname=fleet --file=fleet.sql
-- A site is a role, and a schema of the same name that holds the tables of its Home Assistant.

BEGIN;

CREATE SCHEMA IF NOT EXISTS fleet;

CREATE TABLE IF NOT EXISTS fleet.sites (
    site name PRIMARY KEY,
    -- A Home Assistant that wrote nothing for so long is dead. It writes at least every 5 minutes.
    silent_after interval NOT NULL DEFAULT '15 minutes'
);

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'fleet_reader') THEN
        -- Who may look at the views; grant it to those who log in.
        CREATE ROLE fleet_reader NOLOGIN;
    END IF;
END
$$;

-- Makes the schema of a site, whose role must exist.
CREATE OR REPLACE FUNCTION fleet.add_site(site name) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE SCHEMA IF NOT EXISTS %1$I AUTHORIZATION %1$I', site);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO fleet_reader', site);
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO fleet_reader', site);
    EXECUTE format(
        'ALTER DEFAULT PRIVILEGES FOR ROLE %1$I IN SCHEMA %1$I GRANT SELECT ON TABLES TO fleet_reader', site
    );
    INSERT INTO fleet.sites (site) VALUES (site) ON CONFLICT DO NOTHING;
END
$$;

-- The sites, and when each Home Assistant was heard of last: it wrote a state, or the statistics of five minutes.
CREATE OR REPLACE FUNCTION fleet.heard()
RETURNS TABLE (site name, heard timestamptz, silent_after interval) LANGUAGE plpgsql STABLE AS $$
DECLARE
    known fleet.sites;
BEGIN
    FOR known IN SELECT * FROM fleet.sites ORDER BY 1 LOOP
        site := known.site;
        silent_after := known.silent_after;
        heard := NULL;
        -- Its Home Assistant has not been started yet.
        IF to_regclass(format('%I.states', site)) IS NOT NULL THEN
            EXECUTE format(
                'SELECT greatest(
                    (SELECT to_timestamp(max(last_updated_ts)) FROM %1$I.states),
                    (SELECT max(start) + interval ''5 minutes'' FROM %1$I.statistics_runs)
                )', site
            ) INTO heard;
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$;

-- The newest state of each entity whose id matches the regular expression, and what the groups of that matched.
CREATE OR REPLACE FUNCTION fleet.newest(pattern text)
RETURNS TABLE (site name, groups text[], state text, unit text, at timestamptz) LANGUAGE plpgsql STABLE AS $$
DECLARE
    known fleet.sites;
BEGIN
    FOR known IN SELECT * FROM fleet.sites LOOP
        CONTINUE WHEN to_regclass(format('%I.states', known.site)) IS NULL;
        RETURN QUERY EXECUTE format(
            'SELECT %1$L::name, regexp_match(m.entity_id, $1), s.state::text,
                    a.shared_attrs::jsonb ->> ''unit_of_measurement'', to_timestamp(s.last_updated_ts)
             FROM %1$I.states_meta m
             CROSS JOIN LATERAL (
                 SELECT state, attributes_id, last_updated_ts FROM %1$I.states
                 WHERE metadata_id = m.metadata_id ORDER BY last_updated_ts DESC LIMIT 1
             ) s
             LEFT JOIN %1$I.state_attributes a USING (attributes_id)
             WHERE m.entity_id ~ $1 AND s.state <> ''''', known.site
        ) USING pattern;
    END LOOP;
END
$$;

CREATE OR REPLACE VIEW fleet.site AS
SELECT site, heard, heard IS NULL OR heard < now() - silent_after AS down FROM fleet.heard();

-- Each rig, whether it is stale, and since when. All rigs of a dead site are stale, since it was heard of last.
-- The recorder forgets a state that did not change for purge_keep_days; a rig that says nothing of "stale" any more is
-- seen by its energy and its reject rate, which change while it works.
CREATE OR REPLACE VIEW fleet.rig AS
WITH sign AS (
    SELECT DISTINCT ON (site, rig)
        site, rig, CASE kind WHEN 'stale' THEN state <> 'off' ELSE state = 'unavailable' END AS stale, at
    FROM (
        SELECT site, groups[2] || coalesce(groups[4], '') AS rig, groups[3] AS kind, state, at
        FROM fleet.newest('^(binary_)?sensor\.(.+)_(stale|energy|reject_rate)(_[0-9]+)?$')
        WHERE (groups[1] IS NOT NULL) = (groups[3] = 'stale')
            AND NOT (groups[3] = 'energy' AND groups[2] LIKE '%\_total')
    ) found
    -- "stale" before the others.
    ORDER BY site, rig, kind DESC
)
SELECT
    sign.site, sign.rig, sign.stale OR site.down AS stale,
    CASE WHEN sign.stale OR NOT site.down THEN sign.at ELSE site.heard END AS since
FROM sign JOIN fleet.site USING (site);

-- Hashes (or solutions) per second of the rigs that are seen now. The total of a coin has a name of the same form, so
-- algorithms are named one by one.
CREATE OR REPLACE VIEW fleet.hashrate AS
SELECT site, algorithm, sum(rate) AS hashes_per_second
FROM (
    SELECT
        n.site, n.groups[1] AS algorithm,
        n.state::double precision * CASE left(n.unit, 1)
            WHEN 'k' THEN 1e3 WHEN 'M' THEN 1e6 WHEN 'G' THEN 1e9
            WHEN 'T' THEN 1e12 WHEN 'P' THEN 1e15 WHEN 'E' THEN 1e18 ELSE 1
        END AS rate
    FROM fleet.newest(
        '^sensor\..+_total_hashrate_(sha_256|scrypt|x11|ethash|etchash|equihash|kheavyhash|blake2s|eaglesong|handshake'
        '|randomx|kawpow|autolykos|octopus|blake3)(_[0-9]+)?$'
    ) n
    WHERE n.state ~ '^[0-9.e+-]+$'
) known
JOIN fleet.site USING (site)
WHERE NOT site.down
GROUP BY site, algorithm;

-- Watts of the rigs that are seen now.
CREATE OR REPLACE VIEW fleet.power AS
SELECT n.site, sum(n.state::double precision) AS watts
FROM fleet.newest('^sensor\..+_total_power(_[0-9]+)?$') n JOIN fleet.site USING (site)
WHERE n.state ~ '^[0-9.e+-]+$' AND NOT site.down
GROUP BY n.site;

-- One row: the fleet now.
CREATE OR REPLACE VIEW fleet.total AS
SELECT
    sites, sites_down, rigs, rigs_stale,
    (SELECT sum(watts) FROM fleet.power) AS watts,
    (SELECT jsonb_object_agg(algorithm, rate) FROM (
        SELECT algorithm, sum(hashes_per_second) AS rate FROM fleet.hashrate GROUP BY algorithm
    ) sums) AS hashes_per_second
FROM
    (SELECT count(*) AS sites, count(*) FILTER (WHERE down) AS sites_down FROM fleet.site) AS all_sites,
    (SELECT count(*) AS rigs, count(*) FILTER (WHERE stale) AS rigs_stale FROM fleet.rig) AS all_rigs;

GRANT USAGE ON SCHEMA fleet TO fleet_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA fleet TO fleet_reader;

COMMIT;
