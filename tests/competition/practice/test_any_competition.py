"""Any metric, kind of truth and form of submission, without a line of code: images and tables.

Each is served by a practice Kaggle, and those whose whole way is not rehearsed elsewhere are
answered with Kaggle's unmodified official client.
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
from competition.practice.scoring import Solution
from competition.problem.form import Form
from competition.problem.sample import read_sample
from competition.problem.targets import Answers, Eats, Truth
from competition.spec import Competition, load_competition
from tests.competition.practice.tables import as_csv, table_spec, zipped
from tests.serving import Served


def _of_towns(truth: Truth) -> float:
    """Return what zeros are worth by the mean over the targets of their RMSLE."""
    return float(np.sqrt((np.log1p(truth) ** 2).mean(axis=0)).mean())


# For each competition: the public score of its sample file, from the truth of the public rows, by
# the definition of its metric; and the score of the truth itself.
EXPECTED: dict[str, tuple[Callable[[Truth], float], float]] = {
    "digits-log-loss": (lambda _: math.log(10), 0.0),
    "digits-auc": (lambda _: 0.5, 1.0),
    "digits-balanced-accuracy": (lambda _: 0.1, 1.0),
    "digits-kappa": (lambda _: 0.0, 1.0),
    "digits-map3": (lambda y: float(np.where(y < 3, 1 / (y + 1), 0).mean()), 1.0),
    "digits-rmse": (lambda y: float(np.sqrt((y**2).mean())), 0.0),
    "wine": (lambda _: math.log(3), 0.0),
    "towns": (_of_towns, 0.0),
    "sales": (lambda y: float((y == 0).mean()), 1.0),
}
REHEARSED = {slug for slug in EXPECTED if slug.startswith("digits-")}  # tests/test_any_competition
LOOKERS = ("nearest class mean", "ridge on coarse pixels", "linear model")
SERVICE = "competitions.CompetitionApiService"


@dataclass(frozen=True)
class Case:
    """A practice Kaggle of one competition, and what it hides."""

    competition: Competition
    folder: Path
    served: Served
    truth: Truth
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

    def error_of(self, content: str, description: str = "") -> str:
        """Submit a text and return why it could not be scored; empty where it could."""
        data = content.encode()
        begun = self.post("StartSubmissionUpload", fileName="s.csv", contentLength=len(data))
        assert requests.put(begun["createUrl"], data=data, timeout=10).status_code == 200
        self.post(
            "CreateSubmission", blobFileTokens=begun["token"], submissionDescription=description
        )
        item = self.post("ListSubmissions")["submissions"][0]
        return str(item["errorDescription"]) if item["status"] == "ERROR" else ""


def towns(folder: Path) -> tuple[Competition, Path]:
    """Two numbers are asked of each town, whose first column is its id."""
    random = np.random.default_rng(0)
    rows = [
        {
            "town": f'No. {n}, "T"',
            "size": str(size),
            "births": f"{2 * size}.0",
            "cars": str(size**2),
        }
        for n, size in enumerate(random.integers(1, 90, 90).tolist())
    ]
    (folder / "towns.csv").write_bytes(as_csv(rows))
    spec = table_spec(
        slug="towns",
        title="Towns",
        metric="rmsle",
        id_column="town",
        target_columns=("births", "cars"),
        label_columns=("births", "cars"),
    )
    return spec, folder / "towns.csv"


def sales(folder: Path) -> tuple[Competition, Path]:
    """Labels are False and True, and ids have leading zeros."""
    random = np.random.default_rng(0)
    rows = [
        {"id": f"{n:04}_01", "price": f"{price}", "Sold": str(price < 50)}
        for n, price in enumerate(random.integers(0, 100, 120).tolist())
    ]
    file = zipped(folder / "sales.zip", train=as_csv(rows, "\r\n"))
    spec = table_spec(
        slug="sales",
        title="Sales",
        target_columns=("Sold",),
        label_columns=("Sold",),
        classes=("False", "True"),
    )
    return spec, file


MADE = {"towns": towns, "sales": sales}


@pytest.fixture(scope="module", params=EXPECTED)
def case(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Case]:
    top, slug = tmp_path_factory.mktemp("any"), str(request.param)
    folder = top / slug
    spec, data = MADE[slug](top) if slug in MADE else (load_competition(slug), None)
    competition = prepare(folder, spec, data)
    solution = Solution.read(folder / "hidden.csv", competition)
    served = Served(folder, spec, data=data, delay=0)
    yield Case(competition, folder, served, solution.truth, solution.public)
    served.stop()


def right_answers(competition: Competition, truth: Truth) -> Answers:
    """Return the truth in the form in which it is sent."""
    problem = competition.problem
    match problem.metric.eats:
        case Eats.VALUE:
            return truth
        case Eats.PROBABILITY:
            return (truth == problem.positive).astype(np.float64)
        case Eats.CLASS_PROBABILITIES:
            return np.eye(len(problem.classes))[truth]
        case Eats.RANKING:
            return (truth[:, None] + np.arange(problem.metric.top)) % len(problem.classes)
    return truth


@pytest.mark.long
def test_each_file_gets_what_it_deserves(
    case: Case, cli_of: Callable[[Served], Any], tmp_path: Path
) -> None:
    kaggle, slug = cli_of(case.served), case.competition.slug
    right = tmp_path / "right.csv"
    answers = right_answers(case.competition, case.truth)
    sample = read_sample(case.competition, case.folder / "public")
    right.write_text(Form.of(case.competition).render(answers, sample))
    if slug in REHEARSED:
        assert not any(case.error_of(file.read_text(), file.stem) for file in (case.sample, right))
        listed = case.post("ListSubmissions")["submissions"]
        public = {item["description"]: float(item["publicScore"]) for item in listed}
    else:
        for file in (case.sample, right):
            sent = kaggle("competitions", "submit", slug, "-f", file, "-m", file.stem)
            assert "Successfully submitted" in sent.stdout, sent.stderr
        shown = csv.DictReader(
            io.StringIO(kaggle("competitions", "submissions", slug, "-v").stdout)
        )
        public = {row["description"]: float(row["publicScore"]) for row in shown}
    of_sample, of_truth = EXPECTED[slug]
    assert public == {
        "sample_submission": pytest.approx(of_sample(case.truth[case.public]), abs=6e-6),
        "right": pytest.approx(of_truth, abs=6e-6),
    }
    board = case.post("GetLeaderboard")["submissions"]
    scores = [float(row["score"]) for row in board]
    greater_is_better = case.competition.problem.greater_is_better
    assert board[0]["teamName"] == "you"
    assert scores == sorted(scores, reverse=greater_is_better)
    assert len(board) == 4
    # Whoever looks at the rows beats whoever does not.
    assert board[1]["teamName"] in LOOKERS


def test_a_malformed_file_ends_as_an_error(case: Case) -> None:
    text = case.sample.read_text()
    header, first, *rest = text.splitlines()
    broken = {
        "a cell that is nothing": [header, f"{first.rsplit(',', 1)[0]},x", *rest],
        "a row too few": [header, first, *rest[:-1]],
        "an id that nobody asked for": [header, f"x{first}", *rest],
        "an id twice": [header, first, first, *rest[1:]],
        "a column too few": [header, first.rsplit(",", 1)[0], *rest],
        "another header": [f"Nr,{header.split(',', 1)[1]}", first, *rest],
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
        "wine": "8,0.333333333,0.333333333,0.333333333",
        "towns": '"No. 1, ""T""",0,0',
        "sales": "0004_01,False",
    }
    assert first == row.get(case.competition.slug, "1,0")
