"""Running a model: what is asked → plan → engine → labelled result."""
