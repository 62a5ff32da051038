"""What Kaggle gives us: the task, its data, the one door to its API, a practice Kaggle."""

from competition.errors import PodiumError
from competition.spec import Competition, available_competitions, load_competition

__all__ = ["Competition", "PodiumError", "available_competitions", "load_competition"]
