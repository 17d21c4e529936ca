"""HTTP: one router per resource of the standard, links, problems, documents. FastAPI appears only here."""
