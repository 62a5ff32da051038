"""One file per pipeline; its name is the file's, and a file here is all that registers it."""
