"""Features of texts: how long they are, the words that many share, and what they are about."""

import re
from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, hstack

from competition.data.tables.schema import Role
from pipelines.features.tables.columns import Builder, Columns, of_levels
from pipelines.features.tables.whole import Whole

_TOPICS = 24  # components of the words of a text
_SHARED_WORDS = 20  # of the most frequent words, whether a text has them
_LEAST_SHARE = 0.01  # of the rows that a word has to be in to count as shared
_MOST_TERMS = 30_000
_MOST_LETTERS = 5_000_000  # of all texts together, up to which their stretches are counted

Codes = npt.NDArray[np.float64]

_WORD = re.compile(r"\w+")
_COUNTED = {
    "length": re.compile(r".", re.DOTALL),
    "words": re.compile(r"\S+"),
    "capitals": re.compile(r"[A-Z]"),
    "digits": re.compile(r"\d"),
    "marks": re.compile(r"[^\w\s]"),
}


def add_text(features: Builder, name: str, levels: list[str], codes: Codes) -> None:
    """Add the counts of a text, its frequent words, and its first word as a category.

    Args:
        features: What to add to.
        name: Of the column.
        levels: The texts of its codes.
        codes: (n,) the codes.
    """
    for what, pattern in _COUNTED.items():
        counts = np.array([float(len(pattern.findall(level))) for level in levels])
        features.number(f"{name} {what}", of_levels(counts, codes))
    words = [_WORD.findall(level.casefold()) for level in levels]
    shared = Counter(word for each in words for word in set(each))
    for word, count in shared.most_common(_SHARED_WORDS):
        if _LEAST_SHARE * len(levels) <= count <= (1 - _LEAST_SHARE) * len(levels):
            has = np.array([float(word in each) for each in words])
            features.number(f"{name} has {word}", of_levels(has, codes))
    firsts = [each[0] if each else "" for each in words]
    if 1 < len(set(firsts)) < 0.9 * len(firsts):
        features.texts(f"{name} first word", firsts, codes)


def topics(whole: Whole) -> Columns:
    """Return the components of the words of each text: TF-IDF, and the SVD of it."""
    features = Builder(len(whole))
    for place in whole.schema.places(Role.TEXT):
        name, levels = whole.schema.names[place], whole.schema.levels(place)
        components = _components(levels)
        for number, column in enumerate(components.T):
            features.number(f"{name} topic {number + 1}", of_levels(column, whole.column(place)))
    return features.built()


def _components(levels: list[str]) -> Codes:
    from sklearn.decomposition import TruncatedSVD

    terms = terms_of(levels)
    kept = min(_TOPICS, terms.shape[1] - 1, len(levels) - 1)
    if kept < 1:
        return np.empty((len(levels), 0))
    components: Codes = TruncatedSVD(kept, random_state=0).fit_transform(terms)
    return components


def terms_of(levels: list[str], *, letters: bool = False) -> csr_matrix[np.float64]:
    """Return the TF-IDF (levels, terms) of words and pairs of words.

    Args:
        levels: Texts.
        letters: Whether stretches of 3 to 5 letters count too, where there are not too many texts.
    """
    blocks = [_tfidf(levels, analyzer="word", ngram_range=(1, 2), token_pattern=r"\b\w+\b")]
    if letters and sum(map(len, levels)) <= _MOST_LETTERS:
        blocks.append(_tfidf(levels, analyzer="char_wb", ngram_range=(3, 5)))
    return csr_matrix(hstack(blocks))


def _tfidf(levels: list[str], **kind: Any) -> csr_matrix[np.float64]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(
        min_df=min(3, max(1, len(levels) // 10)),
        max_features=_MOST_TERMS,
        sublinear_tf=True,
        strip_accents="unicode",
        dtype=np.float64,
        **kind,
    )
    try:
        return csr_matrix(vectorizer.fit_transform(levels))
    except ValueError:  # not one term is frequent enough
        return csr_matrix((len(levels), 0))
