"""Who is told when something fails: events, rules, alarms, topics."""
