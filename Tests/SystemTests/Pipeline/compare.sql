-- SPDX-License-Identifier: Apache-2.0
-- Compares the database of database-subscriber with the CSV that was replayed. Each line must be 0,
-- except the first, the number of readings. Run by sqlite3 with the CSV imported as table temp.csv.
CREATE TEMP VIEW expected AS SELECT
    ts, CAST(temperature AS REAL), CAST(pressure AS REAL), origin, CAST(dewp AS REAL),
    CAST(humid AS REAL), CAST(wind_speed AS REAL), CAST(precip AS REAL), CAST(visib AS REAL)
    FROM temp.csv;
CREATE TEMP VIEW stored AS SELECT
    ts, temperature, pressure, fields ->> 'origin', CAST(fields ->> 'dewp' AS REAL),
    CAST(fields ->> 'humid' AS REAL), CAST(fields ->> 'wind_speed' AS REAL),
    CAST(fields ->> 'precip' AS REAL), CAST(fields ->> 'visib' AS REAL)
    FROM readings;
SELECT 'readings ' || count(*) FROM readings;
SELECT 'more or fewer than lines ' || ((SELECT count(*) FROM readings) - (SELECT count(*) FROM temp.csv));
SELECT 'lines without a reading ' || count(*) FROM (SELECT * FROM expected EXCEPT SELECT * FROM stored);
SELECT 'readings without a line ' || count(*) FROM (SELECT * FROM stored EXCEPT SELECT * FROM expected);
SELECT 'numbers missing ' || (max(seq) - min(seq) + 1 - count(*)) FROM readings;
SELECT 'rejected ' || count(*) FROM rejected;
