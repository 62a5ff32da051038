"""Any metric, kind of truth and form of submission, without a line of code: six shipped specs.

Each is served by a practice Kaggle and answered with Kaggle's unmodified official client.
"""

import csv
import io
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import requests

from competition.practice.holdout import prepare
from competition.problem.form import Form
from competition.problem.sample import read_sample
from competition.problem.targets import Answers, Eats, Truth
from competition.spec import Competition, load_competition
from tests.serving import Served

Digits = npt.NDArray[np.int64]

# For each competition: the public score of its sample file, from the public rows' labels (n,), by
# the definition of its metric; and the score of the truth itself.
EXPECTED: dict[str, tuple[Callable[[Digits], float], float]] = {
    "digits-log-loss": (lambda _: math.log(10), 0.0),
    "digits-auc": (lambda _: 0.5, 1.0),
    "digits-balanced-accuracy": (lambda _: 0.1, 1.0),
    "digits-kappa": (lambda _: 0.0, 1.0),
    "digits-map3": (lambda y: float(np.where(y < 3, 1 / (y + 1), 0).mean()), 1.0),
    "digits-rmse": (lambda y: float(np.sqrt((y**2).mean())), 0.0),
}
SERVICE = "competitions.CompetitionApiService"


@dataclass(frozen=True)
class Case:
    """A practice Kaggle of one competition, and what it hides."""

    competition: Competition
    folder: Path
    served: Served
    labels: Digits
    public: npt.NDArray[np.bool_]

    @property
    def sample(self) -> Path:
        return self.folder / "public" / self.competition.sample_file

    def post(self, method: str, **fields: Any) -> dict[str, Any]:
        reply: dict[str, Any] = requests.post(
            f"{self.served.url}/api/v1/{SERVICE}/{method}",
            json={"competitionName": self.competition.slug} | fields,
            auth=(self.served.username, self.served.key),
            timeout=10,
        ).json()
        return reply

    def error_of(self, content: str) -> str:
        """Submit a text and return why it could not be scored; empty where it could."""
        data = content.encode()
        begun = self.post("StartSubmissionUpload", fileName="s.csv", contentLength=len(data))
        assert requests.put(begun["createUrl"], data=data, timeout=10).status_code == 200
        self.post("CreateSubmission", blobFileTokens=begun["token"])
        item = self.post("ListSubmissions")["submissions"][0]
        return str(item["errorDescription"]) if item["status"] == "ERROR" else ""


@pytest.fixture(scope="module", params=EXPECTED)
def case(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Case]:
    folder = tmp_path_factory.mktemp("any") / request.param
    competition = prepare(folder, load_competition(request.param), None)
    with (folder / "hidden.csv").open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    served = Served(folder, load_competition(request.param), delay=0)
    labels = np.array([int(row[1]) for row in rows])
    yield Case(competition, folder, served, labels, np.array([row[2] == "1" for row in rows]))
    served.stop()


def right_answers(competition: Competition, truth: Truth) -> Answers:
    """Return the truth in the form in which it is sent."""
    problem = competition.problem
    match problem.metric.eats:
        case Eats.VALUE:
            return truth[:, None].astype(np.float64)
        case Eats.PROBABILITY:
            return (truth == problem.positive).astype(np.float64)
        case Eats.CLASS_PROBABILITIES:
            return np.eye(len(problem.classes))[truth]
        case Eats.RANKING:
            return (truth[:, None] + np.arange(problem.metric.top)) % len(problem.classes)
    return truth


def test_the_official_client_submits_and_each_file_gets_what_it_deserves(
    case: Case, cli_of: Callable[[Served], Any], tmp_path: Path
) -> None:
    kaggle, slug = cli_of(case.served), case.competition.slug
    right = tmp_path / "right.csv"
    answers = right_answers(case.competition, case.labels)
    sample = read_sample(case.competition, case.folder / "public")
    right.write_text(Form.of(case.competition).render(answers, sample))
    for file in (case.sample, right):
        sent = kaggle("competitions", "submit", slug, "-f", file, "-m", file.stem)
        assert "Successfully submitted" in sent.stdout, sent.stderr
    shown = kaggle("competitions", "submissions", slug, "-v").stdout
    public = {
        row["description"]: float(row["publicScore"]) for row in csv.DictReader(io.StringIO(shown))
    }
    of_sample, of_truth = EXPECTED[slug]
    assert public == {
        "sample_submission": pytest.approx(of_sample(case.labels[case.public]), abs=6e-6),
        "right": pytest.approx(of_truth, abs=6e-6),
    }
    board = case.post("GetLeaderboard")["submissions"]
    scores = [float(row["score"]) for row in board]
    greater_is_better = case.competition.problem.greater_is_better
    assert board[0]["teamName"] == "you"
    assert scores == sorted(scores, reverse=greater_is_better)
    assert len(board) == 4
    # Whoever looks at the images beats whoever does not.
    assert board[1]["teamName"] in ("nearest class mean", "ridge on coarse pixels")


def test_a_malformed_file_ends_as_an_error(case: Case) -> None:
    text = case.sample.read_text()
    header, first, *rest = text.splitlines()
    broken = {
        "a cell that is nothing": [header, f"{first.rsplit(',', 1)[0]},x", *rest],
        "a row too few": [header, first, *rest[:-1]],
        "an id twice": [header, first, first, *rest[1:]],
        "a column too few": [header, first.rsplit(",", 1)[0], *rest],
        "another header": [f"Id,{header.split(',', 1)[1]}", first, *rest],
        "nothing": [],
    }
    for name, lines in broken.items():
        assert case.error_of("".join(f"{line}\n" for line in lines)), name
    assert case.error_of(text) == ""
    assert case.post("GetSubmissionLimits")["numToday"] <= 3  # errors do not count


def test_the_metric_is_said_and_the_form_of_the_sample_is_the_competitions(case: Case) -> None:
    (listed,) = case.post("ListCompetitions")["competitions"]
    assert listed["evaluationMetric"] == case.competition.metric
    header, first = case.sample.read_text().splitlines()[:2]
    assert header.split(",") == [case.competition.id_column, *case.competition.target_columns]
    row = {
        "digits-log-loss": ",".join(["1", *["0.1"] * 10]),
        "digits-auc": "1,0.5",
        "digits-map3": "1,0 1 2",
    }
    assert first == row.get(case.competition.slug, "1,0")
