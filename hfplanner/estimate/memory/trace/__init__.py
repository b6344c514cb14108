"""One step of the real code on fake tensors: needs the extra ``trace``, and is imported only where it is asked for."""
