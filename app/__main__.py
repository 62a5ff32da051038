"""The command line of `app`: rehearse, report, explore, draw, dashboard, journal."""

from app.command import rehearse
from app.dashboard import dashboard
from app.draw.command import draw
from app.journal import journal
from app.report.command import explore, report
from competition.terminal.console import new_app, run

app = new_app("The whole way as a rehearsal, and what a person looks at: a report, pages to try.")
app.command()(rehearse)
app.command()(report)
app.command()(explore)
app.command()(draw)
app.command()(dashboard)
app.command()(journal)


if __name__ == "__main__":
    run(app)
