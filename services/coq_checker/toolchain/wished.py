"""The packages of a recipe that are only wished: which of them a suite can install, found out as the root is made.

They are tried within mmdebstrap's one run, behind the required ones: apt knows the suite there. What could not be
installed is written down in the root, with what apt said.
"""

import re
from pathlib import Path

# Where it is written down, below the root.
_NOTES = "usr/share/palmetto/left-out"

# mmdebstrap calls it with the root as its only argument. Where they cannot all be installed, each package is tried with
# those that were found before it; a failure is written down and stops nothing. A line of the notes is a
# package, a tab, and what apt said in one line.
_HOOK = f"""#!/bin/sh
root="$1"
notes="$root/{_NOTES}"
apt() {{
  chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive \\
    apt-get -y --no-remove --no-install-recommends "$@" 2>&1 </dev/null
}}
note() {{ printf '%s\\t%s\\n' "$1" "$(printf %s "$2" | tr '\\t\\n' '  ')" >> "$notes"; }}
mkdir -p "${{notes%/*}}" && : > "$notes" || exit 1
chosen=""
if apt -q --simulate install PACKAGES >/dev/null; then chosen=" PACKAGES"
else
  for package in PACKAGES; do
    if said="$(apt -q --simulate install $chosen "$package")"; then chosen="$chosen $package"
    else note "$package" "$said"; echo "I: leaving out $package"; fi
  done
fi
if [ -n "$chosen" ]; then
  echo "I: installing$chosen"
  if ! said="$(apt -qq install $chosen)"; then
    for package in $chosen; do
      case "$(chroot "$root" dpkg-query -W -f '${{db:Status-Status}}' "$package" 2>/dev/null)" in
        installed) ;;
        *) note "$package" "$said"; echo "I: leaving out $package";;
      esac
    done
  fi
fi
exit 0
"""

# What apt says of a package that it cannot install, and how that is told: the first that is found tells most. The third
# and the fourth are of its newer and its older solver.
_REASONS = (
    (r"Unable to locate package", "the suite does not have it"),
    (r"Package '?\S+?'? has no installation candidate", "the suite does not have it"),
    (
        r"PACKAGE(?::\w+)? Depends (\S+(?: \([^)]*\))?) +but none of the choices are installable",
        r"it needs \1, which the suite does not have",
    ),
    (
        r"([\w.+-]+)(?::\w+)? Depends (\S+(?: \([^)]*\))?) +but none of the choices are installable",
        r"it needs \1, which needs \2, which the suite does not have",
    ),
    (r"PACKAGE : (?:Pre-)?Depends: (.*?) but it is not (?:installable|going to be)", r"it needs \1"),
    (r"E: (.*?)(?: E: |$)", r"\1"),
)
_WHY_CHARS = 200


def hook(packages: tuple[str, ...]) -> str:
    """The program for mmdebstrap's `--customize-hook` that installs what can be installed of some packages."""
    return _HOOK.replace("PACKAGES", " ".join(packages))


def left_out(root: Path) -> dict[str, str]:
    """The wished packages that a root lacks, and why; empty where it was made without such notes."""
    try:
        lines = (root / _NOTES).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    return {package: _why(package, said) for package, _, said in (line.partition("\t") for line in lines) if package}


def _why(package: str, said: str) -> str:
    """The reason in what apt said."""
    for pattern, told in _REASONS:
        if found := re.search(pattern.replace("PACKAGE", re.escape(package)), said):
            return " ".join(found.expand(told).split())[:_WHY_CHARS]
    return " ".join(said.split())[-_WHY_CHARS:] or "apt said nothing"
