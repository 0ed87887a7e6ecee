"""The wording that every result, figure, table and command about a drug carries."""

DISCLAIMER = "Educational and research model. Not medical advice. Not for dosing decisions."
