"""For those who keep a server running: what is wrong with it, and its jobs."""
