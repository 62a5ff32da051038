"""The eight real tables, as a person would describe them."""

from dataclasses import dataclass

from competition.data.tables.schema import Role

N, C, D, T, G = Role.NUMBER, Role.CATEGORY, Role.DATE, Role.TEXT, Role.GROUP


@dataclass(frozen=True)
class Real:
    """One of them: its description, and what is expected of its data.

    Attributes:
        toml: The entries below slug, title and allowance.
        train: Rows of the training file.
        test: Rows of the test file.
        roles: How many columns of each role.
        is_role: The role of some columns.
        units: Different fold units; None where there are none.
    """

    toml: str
    train: int
    test: int
    roles: dict[Role, int]
    is_role: dict[str, Role]
    units: int | None = None
    sample: str = "sample_submission.csv"

    def spec(self, slug: str) -> str:
        """Return the TOML text."""
        return f'slug = "{slug}"\ntitle = "A table"\ndaily_submissions = 5\n' + self.toml.replace(
            "[columns]",
            '[files]\ntrain = "train.csv"\ntest = "test.csv"\n'
            f'sample_submission = "{self.sample}"\n[columns]',
        )


REAL = {
    "titanic": Real(
        'metric = "accuracy"\nclasses = [0, 1]\n'
        '[columns]\nid = "PassengerId"\ntarget = "Survived"\nlabel = "Survived"\n',
        891,
        418,
        {N: 5, C: 4, T: 1},
        {"Name": T, "Ticket": C, "Cabin": C, "Age": N, "Embarked": C},
        sample="gender_submission.csv",
    ),
    "house-prices-advanced-regression-techniques": Real(
        'metric = "rmsle"\n[columns]\nid = "Id"\ntarget = "SalePrice"\nlabel = "SalePrice"\n',
        1460,
        1459,
        {N: 36, C: 43},
        {"PoolQC": C, "MasVnrType": C, "LotFrontage": N, "GarageYrBlt": N, "BsmtFullBath": N},
    ),
    "spaceship-titanic": Real(
        'metric = "accuracy"\nclasses = ["False", "True"]\n'
        '[columns]\nid = "PassengerId"\ntarget = "Transported"\nlabel = "Transported"\n'
        '[folds]\nby = "group"\ncolumn = "PassengerId"\nmatch = "(.+)_"\n',
        8693,
        4277,
        {N: 6, C: 6, G: 1},
        {"CryoSleep": C, "Cabin": C, "Name": C, "group of PassengerId": G},
        6217,
    ),
    "bike-sharing-demand": Real(
        'metric = "rmsle"\n[columns]\nid = "datetime"\ntarget = "count"\nlabel = "count"\n'
        '[folds]\nby = "blocks"\ncolumn = "datetime"\n',
        10886,
        6493,
        {N: 8, D: 1},
        {"datetime": D, "season": N},
        48,
        sample="sampleSubmission.csv",
    ),
    "playground-series-s3e5": Real(
        'metric = "quadratic weighted kappa"\nclasses = [3, 4, 5, 6, 7, 8]\n'
        '[columns]\nid = "Id"\ntarget = "quality"\nlabel = "quality"\n',
        2056,
        1372,
        {N: 11},
        {"fixed acidity": N},
    ),
    "playground-series-s3e7": Real(
        'metric = "auc"\nclasses = [0, 1]\n'
        '[columns]\nid = "id"\ntarget = "booking_status"\nlabel = "booking_status"\n',
        42100,
        28068,
        {N: 17},
        {"lead_time": N},
    ),
    "playground-series-s3e26": Real(
        'metric = "log loss"\nclasses = ["C", "CL", "D"]\n'
        '[columns]\nid = "id"\ntarget = ["Status_C", "Status_CL", "Status_D"]\nlabel = "Status"\n',
        7905,
        5271,
        {N: 12, C: 6},
        {"Edema": C, "Stage": N},
    ),
    "tabular-playground-series-jul-2021": Real(
        'metric = "mean columnwise rmsle"\n[columns]\nid = "date_time"\n'
        'target = ["target_carbon_monoxide", "target_benzene", "target_nitrogen_oxides"]\n'
        'label = ["target_carbon_monoxide", "target_benzene", "target_nitrogen_oxides"]\n'
        '[folds]\nby = "time"\ncolumn = "date_time"\n',
        7111,
        2247,
        {N: 8, D: 1},
        {"date_time": D},
        7111,
    ),
}
