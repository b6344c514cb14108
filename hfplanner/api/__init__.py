"""The Hub's Jobs API and nothing else: models, job specification. The wire's camelCase stops here."""
