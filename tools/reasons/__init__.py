"""Why a field of a record reads as it does: which writes competed, who had seen whom, which rule decided, and what brings back what lost."""
