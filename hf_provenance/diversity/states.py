"""The state of a dataset's diversity, and the reasons for it in words.

* `ok`: nothing is surely lost beyond what one kind of human text may differ from another.
* `watch`: a primary figure surely lost more than that, so the text is diluted; or rows of people
  were replaced; or the synthetic part has collapsed, and the whole has not.
* `collapse`: two thirds of the unseen mass are surely gone; or words were lost twice in a row, and
  rows of people replaced.
* `insufficient`: there is too little text, or nothing to compare it with.

In chains of trigram models that learn from their own text (`scripts/bench diversity`: two corpora,
20 chains of each kind, eight generations), text that replaces that of people crosses two thirds at
the second or third generation. Where a tenth of the human text is kept most chains do so later, and
at temperature 0.8 none. Text that is added to that of people does not, nor does a sample of one
size out of all there was, nor a half of human text beside a half of new text. Added text dilutes
all the same: it is `watch` by the fourth generation, at temperature 0.8 later, and a half of human
text is mostly `ok`. No state certifies that a dataset is safe to train on.
"""

from __future__ import annotations

from collections.abc import Sequence

from hf_provenance.diversity.comparison import LEAST, Figure, Floor, size
from hf_provenance.diversity.figures import MEANINGS, UNSEEN_MASS
from hf_provenance.diversity.history import DROP, Step, collapsing
from hf_provenance.diversity.row_sample import WINDOW, RowSample

OK, WATCH, COLLAPSE, INSUFFICIENT = STATES = ("ok", "watch", "collapse", "insufficient")

COLLAPSE_LOSS = 2 / 3
"""Loss of unseen mass above which text has collapsed."""

Verdict = tuple[str, tuple[str, ...]]
"""A state and its reasons."""


def judge(
    figures: Sequence[Figure],
    *,
    floor: Floor,
    collapse: float = COLLAPSE_LOSS,
    history: Sequence[Step] = (),
) -> Verdict:
    """Decide on the state.

    Args:
        figures: Figures with their losses to the reference; none where there is no reference.
        floor: The loss that human text may show.
        collapse: Loss of unseen mass above which text has collapsed.
        history: Steps of the dataset's revisions.
    """
    compared = [figure for figure in figures if figure.primary and figure.loss is not None]
    collapsed, diluted = [], []
    for figure in compared:
        if figure.name == UNSEEN_MASS and _surely(figure) > collapse:
            collapsed.append(f"{_lost(figure)}, which is surely more than {collapse:.1%}")
        elif _surely(figure) > floor.loss:
            diluted.append(f"{_lost(figure)}, which is surely more than {floor.loss:.1%}")
    if collapsing(history):
        collapsed.append(
            f"the last two revisions each lost at least {DROP:.0%} of their distinct words "
            f"({_steps(history[-2:])}), and rows of people were replaced"
        )
    gone = [step for step in history if step.replaced and step.retention is not None]
    if gone:
        worst = min(step.retention for step in gone if step.retention is not None)
        diluted.append(
            f"rows of people were replaced: at one step only {worst:.1%} of them were kept"
        )
    basis = _basis(floor) if compared else ""
    if collapsed:
        return COLLAPSE, (*collapsed, *diluted, *_some(basis))
    if diluted:
        return WATCH, (*diluted, *_some(basis))
    if not compared:
        return INSUFFICIENT, ("there is nothing human to compare it with: give `reference=`",)
    worst_figure = max(compared, key=_surely)
    return OK, (
        f"no primary figure surely lost more than {floor.loss:.1%}: at most, {_lost(worst_figure)}",
        basis,
    )


def too_little(sample: RowSample, whose: str) -> str | None:
    """Why nothing can be said of a sample; None where something can.

    Args:
        sample: The sample.
        whose: What it is a sample of, for the reason.
    """
    tokens = size(sample)
    if tokens >= LEAST:
        return None
    said = f"{whose} has {tokens:,} tokens to judge by, and it takes {LEAST:,}"
    if (sample.sizes == WINDOW).any():
        said += f" (of each row only {WINDOW} tokens count, and of its copies none)"
    return said


def _surely(figure: Figure) -> float:
    """The loss that is sure."""
    return -1.0 if figure.loss_low is None else figure.loss_low


def _lost(figure: Figure) -> str:
    loss, low, high = (value or 0.0 for value in (figure.loss, figure.loss_low, figure.loss_high))
    return f"{figure.name} ({MEANINGS[figure.name]}) lost {loss:.1%} ({low:.1%} to {high:.1%})"


def _steps(history: Sequence[Step]) -> str:
    losses = [step.richness.loss for step in history if step.richness is not None]
    return ", then ".join(f"{loss:.1%}" for loss in losses if loss is not None)


def _basis(floor: Floor) -> str:
    small = f"{floor.left_out} of fewer than {LEAST:,} tokens left out"
    if floor.calibrated:
        said = f"the limit of {floor.loss:.1%} is calibrated on {floor.slices} human slices"
        return f"{said}, {small}" if floor.left_out else said
    said = f"the limit of {floor.loss:.1%} is uncalibrated: give {floor.needed} human slices as"
    said += " `slices=`"
    if floor.given:
        said += f" (there are {floor.given - floor.left_out}, {small})"
    return f"{said}, and a reference of the same language and kind, since another one loses as much"


def _some(text: str) -> tuple[str, ...]:
    return (text,) if text else ()
