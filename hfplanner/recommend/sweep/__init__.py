"""Many trials under one budget and one deadline: on which flavors, how many in a job, and how many jobs at once."""
