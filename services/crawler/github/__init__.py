"""GitHub's REST API, as far as the crawler needs it."""

from crawler.github.client import GitHub
from crawler.github.errors import Blocked, GitHubError, Gone, Refused, Unanswered
from crawler.github.search import Slice, page_of, query

__all__ = ["Blocked", "GitHub", "GitHubError", "Gone", "Refused", "Slice", "Unanswered", "page_of", "query"]
