"""What ``import hfplanner`` offers: one function for each question, and the answers, frozen."""
