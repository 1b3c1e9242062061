"""The rules, one file per group; each exports `RULES`."""
