"""For those who write processes: commands that need no server."""
