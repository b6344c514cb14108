"""What can be rented: the hardware listing (live, cached, shipped) with its age, and facts about accelerators."""
