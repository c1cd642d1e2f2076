"""What a person sees of a job as it changes."""

from rich.text import Text

from shared.commands.terminal import NARROWEST, wrapped
from shared.job.status_document import Job, State

COLOURS = {
    State.PROCESSING: "blue",
    State.WAITING: "yellow",
    State.ACCEPTED: "cyan",
    State.COMPLETED: "green",
    State.COMPLETED_WITH_ERRORS: "yellow",
    State.REJECTED: "red",
    State.FAILED: "red",
}


def step(job: Job, width: int) -> Text:
    """Return a row for where a job stands: time (UTC), state and message; the longest state alone shifts its row."""
    state = f"{job.state:<{len(State.PROCESSING)}}"
    shown = Text.assemble(f"{job.updated_at:%H:%M:%S}  ", (state, COLOURS[job.state]), "  ")
    margin = "\n" + " " * len(shown)
    return shown.append(lines(job.message, width - len(shown)).plain.replace("\n", margin))


def news(job: Job, width: int) -> Text:
    """Return where a job among others stands: a line that begins with the time, then its name and the message."""
    margin = "\n" + " " * len("00:00:00  ")
    shown = Text.assemble(f"{job.updated_at:%H:%M:%S}  ", (job.state, COLOURS[job.state]))
    for text in (job.manifest, job.message):
        shown.append(margin + lines(text, width - len(margin)).plain.replace("\n", margin))
    return shown


def lines(text: str, width: int) -> Text:
    """Return a text in lines of this width, words longer than a line divided at their joints."""
    return Text("\n".join(wrapped(text, max(NARROWEST, width))))
