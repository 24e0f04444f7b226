"""What must hold of manifests so that images with one toolchain each share the work on projects of all."""

from collections.abc import Sequence

from coq_checker.toolchain.recipe import RECIPES

from .rendered import Manifest, containers, pod_templates

# What an undecided project is worked on with: jobs say so, and provers ask its checker first.
DEFAULT = "rocq-9.2"
# What needs the toolchain of a project.
_WORK = ("palmetto index", "extract ", "palmetto eval verify")


def _toolchain(image: str) -> str:
    """The toolchain that an image has, as its name says; empty for one that has none."""
    return next((one for one in RECIPES if image.partition(":")[0].endswith(f"-{one}")), "")


def toolchains(manifests: Sequence[Manifest]) -> list[str]:
    """Provers have the addresses of all checkers; each project is some job's, and no project is two jobs'."""
    found = []
    checkers = {
        f"{one['metadata']['name']}:50051": _toolchain(one["spec"]["template"]["spec"]["containers"][0]["image"])
        for one in manifests
        if one["kind"] == "Deployment" and one["spec"]["template"]["spec"]["containers"][0]["name"] == "coq-checker"
    }
    if checkers and set(checkers.values()) != set(RECIPES):
        found.append(f"there are checkers of {', '.join(sorted(checkers.values()))} alone")
    shared: dict[str, set[str]] = {}
    for owner, template in pod_templates(list(manifests)):
        for one in containers(template):
            variables = {v["name"]: v.get("value", "") for v in one.get("env", [])}
            own = _toolchain(one["image"])
            asked = [where.removeprefix("dns:///") for where in variables.get("PALMETTO_PROVER_CHECKER", "").split()]
            if asked and sorted(asked) != sorted(checkers):
                found.append(f"{owner}: {one['name']} asks {asked}, and there are {sorted(checkers)}")
            elif asked and checkers[asked[0]] != DEFAULT:
                found.append(
                    f"{owner}: {one['name']} asks first a checker that has not {DEFAULT}, the default of the jobs"
                )
            said = " ".join([*one.get("command", []), *one.get("args", [])])
            what = next((word for word in _WORK if word in said), "")
            if not what:
                continue
            kind = template["metadata"]["labels"]["app.kubernetes.io/name"]
            shared.setdefault(f"{what.strip()} of {kind}", set()).add(own)
            if variables.get("PALMETTO_TOOLCHAIN") != DEFAULT:
                found.append(f"{owner}: {one['name']} has not {DEFAULT} for its default")
            others = sorted(set(RECIPES) - {own})
            if variables.get("PALMETTO_TOOLCHAINS_ELSEWHERE", "").split(",") != others:
                found.append(f"{owner}: {one['name']} does not leave out what needs {', '.join(others)}")
    found += [
        f"{what} is done for {', '.join(sorted(had))} alone" for what, had in shared.items() if had != set(RECIPES)
    ]
    return found
