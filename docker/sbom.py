"""Lists what the system that it runs in is made of, as a CycloneDX 1.6 document on standard output.

docker/build runs it inside an image: `sbom.py REFERENCE`. It reads dpkg's list and the metadata of Python's packages.
"""

import json
import re
import sys
from importlib.metadata import distributions
from pathlib import Path
from urllib.parse import quote


def debian() -> list[dict[str, object]]:
    """The installed Debian packages."""
    system = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', Path("/etc/os-release").read_text("utf-8"), re.MULTILINE))
    found = []
    for text in Path("/var/lib/dpkg/status").read_text("utf-8").split("\n\n"):
        fields = dict(re.findall(r"^([\w-]+): (.*)$", text, re.MULTILINE))
        if not fields.get("Status", "").endswith(" installed"):
            continue
        name, version = fields["Package"], fields["Version"]
        kind = f"arch={fields['Architecture']}&distro={system.get('ID')}-{system.get('VERSION_ID')}"
        purl = f"pkg:deb/{system.get('ID', 'debian')}/{quote(name, safe='')}@{quote(version, safe='')}?{kind}"
        found.append({"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl})
    return found


def python() -> list[dict[str, object]]:
    """The installed Python packages."""
    found = {}
    for one in distributions(path=[str(path) for path in Path("/opt").glob("*/lib/python3.*/site-packages")]):
        name = re.sub(r"[-_.]+", "-", one.metadata["Name"]).lower()
        purl = f"pkg:pypi/{name}@{quote(one.version, safe='')}"
        entry: dict[str, object] = {
            "type": "library",
            "bom-ref": purl,
            "name": name,
            "version": one.version,
            "purl": purl,
        }
        if expression := one.metadata.get("License-Expression"):
            entry["licenses"] = [{"expression": expression}]
        found[purl] = entry
    return [found[purl] for purl in sorted(found)]


def main() -> None:
    """Prints the document; the argument is the image's reference."""
    name, _, tag = sys.argv[1].rpartition(":")
    image = {"type": "container", "bom-ref": "image", "name": name, "version": tag}
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": image},
        "components": [*debian(), *python()],
    }
    json.dump(document, sys.stdout, indent=1, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()
