"""What the study of the pore block asks, and how its page is written."""
