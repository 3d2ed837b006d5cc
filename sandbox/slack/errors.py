"""Slack's refusals."""

from typing import Any


class ApiError(Exception):
    """Raised when a call is refused; `error` is Slack's code, `detail` the other fields of the answer."""

    def __init__(self, error: str, **detail: Any) -> None:
        super().__init__(error)
        self.error = error
        self.detail = detail

    def as_slack(self) -> dict[str, Any]:
        """The body of the answer."""
        return {"ok": False, "error": self.error, **self.detail}
