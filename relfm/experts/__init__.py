"""In-context experts, and the mixture that weighs them."""
