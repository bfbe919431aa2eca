-- f1.sql - F1 of arguments in a run on eae, in per cent, for each time that was sampled:
--
--   sqlite3 -header -column runs/eae-350m-001/run.db <pipelines/eae/f1.sql
--
-- Arg-I: the text of an argument is right; Arg-C: its role too. Micro-averaged over all samples. A
-- program that gave no event, because it did not compile or raised something, gave no arguments.
-- SPDX-License-Identifier: Apache-2.0

WITH said AS (
  SELECT verdict.phase, iteration, outcome,
         CAST(substr(CAST(tests AS TEXT), length('# ') + 1) AS INTEGER) AS expected,
         instr(CAST(feedback AS TEXT), 'AssertionError: expected ') AS at,
         CAST(feedback AS TEXT) AS feedback
  FROM verdict JOIN problem ON verdict.phase = problem.phase AND verdict.problem = problem.problem
  WHERE outcome < 2
), counted AS (
  SELECT phase, iteration, expected, CASE WHEN outcome = 0 THEN '' WHEN at THEN substr(feedback, at)
         ELSE 'given 0, text right 0, role right 0' END AS line
  FROM said
), numbers AS (
  SELECT phase, iteration, expected,
         CASE line WHEN '' THEN expected
              ELSE CAST(substr(line, instr(line, 'given ') + 6) AS INTEGER) END AS given,
         CASE line WHEN '' THEN expected
              ELSE CAST(substr(line, instr(line, 'text right ') + 11) AS INTEGER) END AS text_right,
         CASE line WHEN '' THEN expected
              ELSE CAST(substr(line, instr(line, 'role right ') + 11) AS INTEGER) END AS role_right
  FROM counted
)
SELECT name, iteration, count(*) AS samples,
       round(200.0 * sum(text_right) / (sum(given) + sum(expected)), 1) AS "Arg-I",
       round(200.0 * sum(role_right) / (sum(given) + sum(expected)), 1) AS "Arg-C"
FROM numbers JOIN phase USING (phase)
GROUP BY phase, iteration ORDER BY iteration, phase;
