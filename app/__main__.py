"""The command line of `app`: report, explore, draw, dashboard."""

from app.dashboard import dashboard
from app.draw.command import draw
from app.report.command import explore, report
from competition.console import new_app, run

app = new_app("Look rather than read: a report of all that was found, and pages to try it on.")
app.command()(report)
app.command()(explore)
app.command()(draw)
app.command()(dashboard)


if __name__ == "__main__":
    run(app)
