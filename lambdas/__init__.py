"""The two functions that feed the lake: the blacklist from MySQL, currency rates from the ECB."""
