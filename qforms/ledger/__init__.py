"""The ledger: the only place that knows SQL. Records with every revision, figures, clocks, tasks, letters, history."""

from qforms.ledger.leases import Gone
from qforms.ledger.ledger import Ledger
from qforms.ledger.store import FileStore, store_of
from qforms.ledger.transaction import Transaction

__all__ = ["FileStore", "Gone", "Ledger", "Transaction", "store_of"]
