"""The hall: a job as it was asked for, whatever the source, and the one plan that is made of it."""
