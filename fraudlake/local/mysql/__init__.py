"""The RDS of the deployment: a private MariaDB behind a door for IAM logins."""
