"""The ledger: the only place that knows SQL. Records with every revision, figures, clocks, tasks, letters, history."""

from qforms.ledger.leases import Gone
from qforms.ledger.ledger import Ledger
from qforms.ledger.store import FileStore, store_of
from qforms.ledger.transaction import Overtaken, Transaction

__all__ = ["FileStore", "Gone", "Ledger", "Overtaken", "Transaction", "store_of"]
