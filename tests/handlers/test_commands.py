"""What a request is known by, and what the command says of itself."""

from bot.answers.prompts import usage
from bot.domain.subjects import Help, NotUnderstood
from handlers.inbound import redelivery_key


def test_redeliveries_of_a_command_share_its_trigger() -> None:
    assert redelivery_key({"trigger_id": "1.2", "response_url": "a"}) == redelivery_key({"trigger_id": "1.2"})


def test_two_requests_without_a_trigger_are_never_taken_for_one() -> None:
    assert redelivery_key({}) != redelivery_key({})
    assert redelivery_key({"response_url": "a"}) != redelivery_key({"response_url": "b"})


def test_the_usage_names_the_command_as_it_was_typed_and_first_what_was_wrong() -> None:
    assert "`/find debug`" in usage("/find", Help())
    assert usage("/find", NotUnderstood("That is no address.")).startswith("That is no address.")


def test_what_was_typed_cannot_mention_anybody_in_the_usage() -> None:
    assert "<!channel>" not in usage("/<!channel>", NotUnderstood("<!channel>"))
