"""The page for customers and the board for the office (extra `web`).

The page writes nothing but files: what a customer sends becomes a mail in a spool, which the daemon takes in like any
other delivery (`sources.web`). Everything that is shown is read from the ledger. No page needs or allows a script."""
