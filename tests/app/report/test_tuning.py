"""Optuna's plots say only what the trials can bear, and their labels can be read."""

from itertools import pairwise

import optuna
import pytest
from playwright.sync_api import Browser

from app.report.drawing.figures import Plot, templates
from app.report.sections.tuning import study_plots, varied_parameters

PARAMETERS = 16
NAMES = [f"a_rather_long_name_{number}" for number in range(PARAMETERS)]


def study_of(
    trials: int, parameters: int = PARAMETERS, direction: str = "maximize"
) -> optuna.Study:
    def objective(trial: optuna.Trial) -> float:
        trial.suggest_categorical("never_varies", [1])
        return sum(trial.suggest_float(name, 0, 1) for name in NAMES[:parameters])

    sampler = optuna.samplers.RandomSampler(seed=0)
    study = optuna.create_study(direction=direction, sampler=sampler)
    study.optimize(objective, n_trials=trials)
    return study


def titles(plots: list[Plot]) -> list[str]:
    return [plot.title for plot in plots]


@pytest.mark.parametrize(
    ("trials", "parameters", "needed"), [(4, 16, 32), (31, 16, 32), (9, 1, 10), (4, 2, 10)]
)
def test_importance_is_left_out_where_it_would_be_noise(
    trials: int, parameters: int, needed: int
) -> None:
    plots, missing = study_plots(study_of(trials, parameters), "accuracy")
    assert not any("Importance" in title for title in titles(plots))
    assert missing == (
        f"Importance is left out: it needs {needed} completed trials for {parameters} parameters "
        f"that varied, and has {trials}."
    )


@pytest.mark.parametrize(("trials", "parameters"), [(32, 16), (10, 2)])
def test_importance_says_on_how_many_trials_it_rests(trials: int, parameters: int) -> None:
    plots, missing = study_plots(study_of(trials, parameters), "accuracy")
    assert f"Importance, by {trials} completed trials" in titles(plots)
    assert missing == ""


def test_the_parallel_plot_takes_the_ten_parameters_that_vary_most() -> None:
    plots, _ = study_plots(study_of(12), "accuracy")
    (parallel,) = [plot for plot in plots if plot.title.startswith("Parallel")]
    assert parallel.title.endswith("10 most varied of 16 parameters")
    assert "never_varies" not in parallel.spec


def test_the_best_trials_of_a_loss_are_the_lowest() -> None:
    study = study_of(200, 1, "minimize")
    plots, _ = study_plots(study, "rmse")
    (parallel,) = [plot for plot in plots if plot.title.startswith("Parallel")]
    assert parallel.title == "Parallel coordinates of the best 150 trials"
    worst_shown = sorted(study.trials, key=lambda trial: trial.value or 0.0)[149].value
    worst = max(trial.value or 0.0 for trial in study.trials)
    assert f"{worst_shown:.3g}" in parallel.spec
    assert f"{worst:.3g}" not in parallel.spec


def test_varied_parameters_come_with_the_most_values_first() -> None:
    study = optuna.create_study()
    for few, many in ((0, 0.1), (1, 0.2), (1, 0.3)):
        study.enqueue_trial({"few": few, "many": many, "same": 2})
    study.optimize(
        lambda trial: float(
            trial.suggest_int("few", 0, 1)
            + trial.suggest_float("many", 0, 1)
            + trial.suggest_int("same", 2, 3)
        ),
        n_trials=3,
    )
    assert varied_parameters(study.trials) == ["many", "few"]


@pytest.mark.long
def test_labels_of_many_parameters_do_not_overlap(browser: Browser) -> None:
    """Each axis' name is a slanted text: they overlap where they are less than a line apart."""
    import json

    from plotly.offline import get_plotlyjs

    plots, _ = study_plots(study_of(40), "accuracy")
    (parallel,) = [plot for plot in plots if plot.title.startswith("Parallel")]
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    size = f"width:{parallel.width}px;height:{parallel.height}px"
    page.set_content(f'<div id="x" style="{size}"></div>')
    page.add_script_tag(content=get_plotlyjs())
    look = json.dumps(templates()["light"])
    page.evaluate(
        f"spec => Plotly.newPlot('x', spec.data, {{...spec.layout, template: {look}}})",
        json.loads(parallel.spec),
    )
    places = page.evaluate(
        """() => [...document.querySelectorAll('.xtick text')].map((text) => {
          const [, angle] = text.getAttribute('transform').match(/rotate\\((-?[\\d.]+)/);
          const box = text.getBoundingClientRect();
          return [Number(angle), box.right, parseFloat(getComputedStyle(text).fontSize)];
        })"""
    )
    page.close()
    assert len(places) == 11
    assert all(angle == -35 for angle, _, _ in places)
    gaps = [right - left for (_, left, _), (_, right, _) in pairwise(places)]
    line = max(size for _, _, size in places) / 0.57  # a line's height over the sine of 35 degrees
    assert min(gaps) > line
