"""Full-text search over records, mails and the files in them, in Chinese and English.

The index is a file of its own, `search.db`, made from the ledger and the store, and made anew when it is lost. It is
brought up when somebody searches, so taking mail in costs nothing for it, and it is the same whatever the ledger lies
in."""
