-- The source of the blacklist, and the one user that the extract logs in as.
-- Types are loose on purpose: such tables are filled by hand and by imports from many places, and
-- dates and flags come as text. What cannot be read is counted, never guessed.
-- For MySQL 8.4; the comments marked M! are read by MariaDB only, those marked 80000 by MySQL only.

CREATE TABLE IF NOT EXISTS src_blacklist (
    id            BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    blacklist_id  VARCHAR(64),
    customer_id   VARCHAR(64),
    full_name     VARCHAR(512),
    email         VARCHAR(320),
    phone         VARCHAR(64),
    date_of_birth VARCHAR(64),
    reason        TEXT,
    source        VARCHAR(255),
    listed_at     VARCHAR(64),
    expires_at    VARCHAR(64),
    is_confirmed  VARCHAR(16)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Logs in with a token of the function's role, which RDS checks; there is no password.
-- MariaDB, which has no such plugin outside RDS, gets the user without a usable login: give it a
-- password, put that in a secret, and set DB_AUTH to secret.
CREATE USER IF NOT EXISTS 'fraudlake_extract'@'%'
    /*!80000 IDENTIFIED WITH AWSAuthenticationPlugin AS 'RDS' */
    /*M! IDENTIFIED VIA mysql_native_password USING 'invalid' */
    REQUIRE SSL;

GRANT SELECT ON src_blacklist TO 'fraudlake_extract'@'%';
