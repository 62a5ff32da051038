"""The command line of `app`: report, explore, dashboard."""

from competition.console import new_app, run

app = new_app("Look rather than read: a report of all that was found, and pages to try it on.")


if __name__ == "__main__":
    run(app)
