"""Do it, exactly once: reserve, mark, POST, record; afterwards reconcile and settle."""
