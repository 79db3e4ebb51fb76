-- Runs of other trackers: of these, run.imported has no split, and the view's
-- column imported is the tracker's name.
DROP VIEW runs;
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
  i.body AS inputs, a.environment,
  coalesce(nullif(json_extract(r.imported, '$.split'), ''), json_extract(r.imported, '$.format')) AS imported,
  json_extract(r.imported, '$.source') AS source
FROM run r
JOIN attempt a ON a.run = r.id AND a.number = r.attempt
JOIN inputs i ON i.id = r.inputs
LEFT JOIN edit e ON e.run = r.name;
