"""The one flow that every door runs through, and what it needs of a library."""
