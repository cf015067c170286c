"""The command line: parses, calls the library, prints. One file a command; ``main`` only assembles."""
