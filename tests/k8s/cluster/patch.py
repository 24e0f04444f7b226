"""Strategic merge patches, as client-side `kubectl apply` sends them, for the kinds that our manifests have."""

from typing import Any

# What names a member of a list, by the list's field.
_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "env": "name",
    "volumes": "name",
    "volumeMounts": "mountPath",
    "topologySpreadConstraints": "topologyKey",
}
_PORTS = ("containerPort", "port")


def merged(held: Any, patch: Any, name: str = "") -> Any:
    """The object after the patch."""
    if isinstance(patch, dict):
        return _map(held if isinstance(held, dict) else {}, patch)
    if isinstance(patch, list) and isinstance(held, list):
        return _list(held, patch, name)
    return patch


def _map(held: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    if patch.get("$patch") == "replace":
        return {key: value for key, value in patch.items() if key != "$patch"}
    found = dict(held)
    orders: dict[str, list[Any]] = {}
    for key, value in patch.items():
        if key.startswith("$setElementOrder/"):
            orders[key.partition("/")[2]] = value
        elif key == "$retainKeys":
            found = {name: one for name, one in found.items() if name in value}
        elif key.startswith("$"):
            continue
        elif value is None:
            found.pop(key, None)
        else:
            found[key] = merged(found.get(key), value, key)
    for key, order in orders.items():
        if isinstance(found.get(key), list) and order and isinstance(order[0], dict):
            field = next(iter(order[0]))
            places = [one[field] for one in order]
            found[key].sort(key=lambda one: places.index(one[field]) if one[field] in places else len(places))
    return found


def _list(held: list[Any], patch: list[Any], name: str) -> list[Any]:
    key = _KEYS.get(name)
    if name == "ports" and patch and isinstance(patch[0], dict):
        key = next((one for one in _PORTS if one in patch[0]), None)
    if key is None or not all(isinstance(one, dict) and key in one for one in patch):
        return patch
    found = list(held)
    for one in patch:
        place = next((at for at, other in enumerate(found) if other.get(key) == one[key]), None)
        if one.get("$patch") == "delete":
            if place is not None:
                del found[place]
        elif place is None:
            found.append(_map({}, one))
        else:
            found[place] = _map(found[place], one)
    return found
