"""The page to draw a digit on.

A Starlette application on the loopback address serves one HTML page with a canvas, a small script
and a style sheet, all of them here: nothing is fetched from elsewhere. Gradio was weighed: its page
loads fonts and scripts from other hosts and sends a picture three times a stroke, which breaks both
promises, that no request leaves this machine and that a digit is read within 100 ms of lifting.
"""
