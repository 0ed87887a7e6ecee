"""Cards: what the page is told of each room of the library, as plain JSON."""
