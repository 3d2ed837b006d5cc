"""How Slack says no."""

from typing import Any


class ApiError(Exception):
    """Raised when a call is refused; `error` is Slack's word for it, `detail` what else the answer says."""

    def __init__(self, error: str, **detail: Any) -> None:
        super().__init__(error)
        self.error = error
        self.detail = detail

    def as_slack(self) -> dict[str, Any]:
        """Give the body of the answer."""
        return {"ok": False, "error": self.error, **self.detail}
