"""The program that serves the API: uvicorn, its sockets and its connections."""
