"""The master workbook: what the ledger knows, laid out for people (`publish`), and what they wrote (`edits`)."""
