"""What may come of a request, beside an answer."""

from crawler.model import CrawlError


class GitHubError(CrawlError):
    """GitHub cannot be asked; the text is one sentence with the remedy."""


class Unanswered(GitHubError):
    """One request got no usable answer, however often it was sent; others may."""


class Gone(Exception):
    """There is no such thing (any more)."""


class Blocked(Exception):
    """GitHub does not give it out; the text says why."""


class Refused(Exception):
    """GitHub does not do what was asked (422); the text says why."""
