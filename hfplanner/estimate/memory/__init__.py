"""How much memory a job needs: weights, states, activations and the moment at which they peak. Plain arithmetic."""
