"""The equations' language: its functions, its reader, the system of equations, evaluation."""
