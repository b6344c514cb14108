"""How long a job runs: from its history, carried over to flavors never tried, or from first principles."""
