"""Who looked whom up: a row for each lookup and each refusal; and how somebody is forgotten."""
