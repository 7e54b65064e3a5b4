-- Section 5, cleaning: the customers and the blacklist entries in force for this batch.

CREATE OR REPLACE TEMP TABLE customers AS
SELECT
    clean_text(customer_id) AS customer_id,
    clean_email(email) AS email,
    clean_phone(phone) AS phone,
    clean_date(date_of_birth) AS date_of_birth,
    name_key(clean_text(full_name)) AS name_key
FROM raw_customers
WHERE clean_text(customer_id) IS NOT NULL
QUALIFY row_number() OVER (
    PARTITION BY clean_text(customer_id)
    ORDER BY
        coalesce(record_micros(updated_at), record_micros(created_at)) DESC NULLS LAST,
        trim_text(country) DESC NULLS LAST,
        trim_text(created_at) DESC NULLS LAST,
        trim_text(raw_customers.customer_id) DESC NULLS LAST,
        trim_text(raw_customers.date_of_birth) DESC NULLS LAST,
        trim_text(raw_customers.email) DESC NULLS LAST,
        trim_text(full_name) DESC NULLS LAST,
        trim_text(raw_customers.phone) DESC NULLS LAST,
        trim_text(updated_at) DESC NULLS LAST
) = 1;

CREATE OR REPLACE TEMP TABLE blacklist AS
SELECT
    clean_text(blacklist_id) AS blacklist_id,
    clean_text(customer_id) AS customer_id,
    clean_email(email) AS email,
    clean_phone(phone) AS phone,
    clean_date(date_of_birth) AS date_of_birth,
    name_key(clean_text(full_name)) AS name_key,
    coalesce(clean_text(reason), 'unspecified') AS reason
FROM raw_blacklist
WHERE coalesce(clean_date(listed_at) <= batch_date(), true)
    AND coalesce(clean_date(expires_at) > batch_date(), true);
