"""The run: every candidate on every split, in this process or in several, and what came of it as frames."""
