"""Who may do what, by the synthesized policies."""
