"""What is shown: a result in each format, one module for each kind of result."""
