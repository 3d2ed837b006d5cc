"""Apps' ids, and the names that they go by in a workspace."""

from typing import Any

import pytest

from bot.domain.apps import ids_by_name, is_app_id


@pytest.mark.parametrize("word", ["A0ZENDESK01", "B09AB"])
def test_an_id_is_told_from_a_name(word: str) -> None:
    assert is_app_id(word)


@pytest.mark.parametrize("word", ["Zendesk", "BOT", "U0AGENT01", ""])
def test_a_name_and_a_persons_id_are_no_apps_id(word: str) -> None:
    assert not is_app_id(word)


def test_the_ids_of_all_bots_of_a_name_are_found_and_of_nobody_else() -> None:
    members: list[dict[str, Any]] = [
        {"is_bot": True, "name": "zendesk", "profile": {"real_name": "Zendesk", "api_app_id": "A0ZENDESK01"}},
        {"is_bot": True, "name": "z2", "profile": {"real_name": "Zendesk", "bot_id": "B0OTHER"}},
        {"is_bot": False, "name": "zendesk", "profile": {"api_app_id": "A0PERSON"}},
        {"is_bot": True, "profile": None},
    ]
    found = ids_by_name(["zendesk", "Front", "A0ID001"], members)
    assert found == {"zendesk": ("A0ZENDESK01", "B0OTHER"), "Front": ()}
