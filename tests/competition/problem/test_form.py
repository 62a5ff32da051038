"""What is written is read back, and the same content has the same fingerprint."""

import csv
import io
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from competition.errors import PodiumError
from competition.problem.form import Form, fingerprint_of
from competition.problem.sample import Sample
from tests.competition.problem.cases import FORMS, IDS, LABELS, answers_of, competition, sample_of

EVERY = pytest.mark.parametrize("form", FORMS)


@EVERY
@settings(max_examples=60)
@given(data=st.data())
def test_what_is_written_is_read_back(form: str, data: st.DataObject) -> None:
    spec = FORMS[form]
    sample, answers = sample_of(spec), data.draw(answers_of(form))
    text = Form.of(spec).render(answers, sample)
    parsed = Form.of(spec).parse(text.encode(), sample)
    assert parsed.faults == () and parsed.rows == len(IDS) and parsed.answers is not None
    assert parsed.answers.shape == answers.shape
    np.testing.assert_allclose(parsed.answers, answers, rtol=1e-8, atol=1e-320)
    assert Form.of(spec).render(parsed.answers, sample) == text
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == list(sample.header) and [row[0] for row in rows[1:]] == list(IDS)


@EVERY
@settings(max_examples=30)
@given(data=st.data(), seed=st.integers(0, 99))
def test_order_line_ends_and_quotes_do_not_change_the_content(
    form: str, data: st.DataObject, seed: int
) -> None:
    spec = FORMS[form]
    sample = sample_of(spec)
    text = Form.of(spec).render(data.draw(answers_of(form)), sample)
    header, *rows = csv.reader(io.StringIO(text))
    random.Random(seed).shuffle(rows)
    file = io.StringIO()
    csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows([header, *rows])
    parsed = Form.of(spec).parse(file.getvalue().encode(), sample)
    assert parsed.answers is not None
    assert fingerprint_of(Form.of(spec).render(parsed.answers, sample)) == fingerprint_of(text)


@pytest.mark.parametrize(
    ("form", "one", "other"),
    [
        ("probability", b"0.50", b"0.5"),
        ("probability", b"-0", b"0.000"),
        ("one column", b"5e-1", b"+.5"),
        ("value", b"1200", b" 1.2E3"),
        ("value", b"0.30000000000000004", b"0.3"),
        ("logarithm", b"7", b"7."),
    ],
)
def test_a_number_has_one_spelling(form: str, one: bytes, other: bytes) -> None:
    form_of, sample = Form.of(FORMS[form]), sample_of(FORMS[form], ("1",))

    def text(cell: bytes) -> str:
        parsed = form_of.parse(b"%s\n1,%s\n" % (",".join(sample.header).encode(), cell), sample)
        assert parsed.answers is not None, parsed.faults
        return form_of.render(parsed.answers, sample)

    assert text(one) == text(other)


def test_the_texts_themselves() -> None:
    def rendered(form: str, answers: np.ndarray, *ids: str) -> str:
        return Form.of(FORMS[form]).render(answers, sample_of(FORMS[form], ids))

    assert rendered("label", np.array([4, 0]), "x,y", "2") == 'Id,Class\n"x,y","a,b"\n2,0\n'
    assert rendered("probability", np.array([0.125]), "1") == "Id,Class\n1,0.125\n"
    assert rendered("values", np.array([[1.0, 2.5]]), "1") == "Id,y,x\n1,2.5,1\n"
    shares = np.array([[0.7, 0.2, 0.1]])
    assert rendered("class columns", shares, "1") == 'Id,Top,"Mid, so",Low\n1,0.1,0.2,0.7\n'
    ranked = np.array([[3, 0, 5], [4, -1, -1]])
    expected = 'Id,Class\n1,"cat 0 the""cat"""\n2,"a,b"\n'
    assert rendered("ranked labels", ranked, "1", "2") == expected


@pytest.mark.parametrize(
    ("form", "answers", "told"),
    [
        ("label", np.zeros(7, int), "7 answers and 8 ids"),
        ("label", np.full(8, 5), "0…4"),
        ("label", np.full(8, -1), "0…4"),
        ("label", np.zeros(8), "class indices"),
        ("label", np.zeros((8, 1), int), "class indices"),
        ("probability", np.full(8, np.nan), "NaN"),
        ("one column", np.full(8, 1.5), "between 0 and 1"),
        ("class columns", np.zeros((8, 3)), "all of them are 0"),
        ("class columns", np.ones((8, 2)), r"\(rows, 3\)"),
        ("values", np.full((8, 2), -1.0), "must not be negative"),
        ("logarithm", np.zeros((8, 1)), "must be above 0"),
        ("value", np.full((8, 1), np.inf), "infinite"),
        ("value", np.zeros(8), r"\(rows, 1\)"),
        ("ranked labels", np.full((8, 3), -1), "1 to 3 different classes"),
        ("ranked labels", np.zeros((8, 3), int), "1 to 3 different classes"),
        ("ranked labels", np.full((8, 1), 6), "0…5"),
    ],
)
def test_what_cannot_be_sent_is_a_sentence(form: str, answers: np.ndarray, told: str) -> None:
    with pytest.raises(PodiumError, match=told):
        Form.of(FORMS[form]).render(answers, sample_of(FORMS[form]))


def test_a_ranking_is_no_longer_than_there_are_classes() -> None:
    spec = competition("map@5", ("a", "b"))
    text = Form.of(spec).render(np.array([[1, 0]]), sample_of(spec, ("1",)))
    assert text == "Id,Class\n1,b a\n"


@pytest.mark.slow
@pytest.mark.parametrize("form", ["label", "value"])
def test_many_rows(form: str) -> None:
    rows = 200_000
    spec = FORMS[form]
    sample = Sample(("Id", *spec.target_columns), tuple(map(str, range(1, rows + 1))), size=0)
    random_rows = np.random.default_rng(0)
    labels = random_rows.integers(0, len(LABELS.classes), rows)
    answers = labels if form == "label" else random_rows.random((rows, 1))
    parsed = Form.of(spec).parse(Form.of(spec).render(answers, sample).encode(), sample)
    assert parsed.rows == rows and parsed.answers is not None
    np.testing.assert_allclose(parsed.answers, answers, rtol=1e-8)
