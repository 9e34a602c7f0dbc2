"""The one flow that every door runs through, and what it needs of a library.

`flow.run` is the flow, `flow.Library` what a library's room answers; the other modules are its steps.
"""
