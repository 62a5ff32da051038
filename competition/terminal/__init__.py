"""What the command lines share: options and exit statuses, words, progress, and tame text."""
