"""Resources of the templates, made by ordinary calls."""
