"""A loss curve as SVG."""

from collections.abc import Sequence

_WIDTH, _HEIGHT, _LEFT, _BELOW, _ABOVE = 640, 320, 56, 40, 16
_COLOURS = ("#2563eb", "#d97706")

Points = Sequence[tuple[int, float]]


def curve(losses: Points, held_out: Points = ()) -> str:
    """Loss over steps, of training and of what was held out; readable on light and dark pages."""
    told = [*losses, *held_out]
    if not told:
        return '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"><title>no loss is known</title></svg>\n'
    most = max(loss for _, loss in told) or 1.0
    last = max(*(step for step, _ in told), 1)
    final = (losses or told)[-1][1]

    def x(step: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - 16) * step / last

    def y(loss: float) -> float:
        return _ABOVE + (_HEIGHT - _ABOVE - _BELOW) * (1 - loss / most)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" role="img" '
        'font-family="sans-serif" font-size="12" fill="#808080">',
        f"<title>Loss over steps: {told[0][1]:.3f} at first, {final:.3f} at last</title>",
    ]
    for part in range(5):
        level = most * part / 4
        parts.append(f'<path d="M{_LEFT} {y(level):.1f}H{_WIDTH - 16}" stroke="#808080" stroke-opacity=".3"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y(level) + 4:.1f}" text-anchor="end">{level:.2f}</text>')
    for part in range(5):
        step = round(last * part / 4)
        parts.append(f'<text x="{x(step):.1f}" y="{_HEIGHT - 20}" text-anchor="middle">{step}</text>')
    parts.append(f'<text x="{_WIDTH / 2:.0f}" y="{_HEIGHT - 4}" text-anchor="middle">steps</text>')
    for points, colour, name in ((losses, _COLOURS[0], "training"), (held_out, _COLOURS[1], "held out")):
        if not points:
            continue
        path = " ".join(f"{x(step):.1f},{y(loss):.1f}" for step, loss in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        at_x, at_y = x(points[-1][0]), y(points[-1][1]) - 6
        parts.append(f'<text x="{at_x:.1f}" y="{at_y:.1f}" text-anchor="end" fill="{colour}">{name}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
