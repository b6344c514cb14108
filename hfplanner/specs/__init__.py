"""Jobs as they are written down: scripts with a header, files of jobs, workflows, and command lines of ``hf jobs``."""
