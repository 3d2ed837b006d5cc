"""What must not change whom a ticket is about: the order of fields, the language of labels, decoration."""

import itertools
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.subjects import Ask, read_command
from bot.tickets.decide import Action
from bot.tickets.rules import TicketRules
from tests.bot.tickets.messages import RULES, TICKET, asked, fields, message, read, section
from tests.examples import examples

JANE, SAM = "jane@contoso.example", "sam@outsourcer.example"
# Requester, assignee, status and description, as desks' translations have them.
LANGUAGES = [
    ("Requester", "Assignee", "Status", "Description"),
    ("Anfragesteller", "Zugewiesen an", "Status", "Beschreibung"),
    ("Kunde", "Bearbeiter", "Priorität", "Nachricht"),
    ("Demandeur", "Assigné à", "Statut", "Description"),
    ("Solicitante", "Asignado a", "Estado", "Descripción"),
    ("Solicitante", "Atribuído a", "Prioridade", "Descrição"),
    ("Richiedente", "Assegnato a", "Stato", "Descrizione"),
    ("Aanvrager", "Toegewezen aan", "Status", "Beschrijving"),
    ("Anmoder", "Tildelt til", "Status", "Beskrivelse"),
    ("Kund", "Tilldelad", "Status", "Beskrivning"),
    ("Asiakas", "Vastuuhenkilö", "Tila", "Kuvaus"),
    ("Zgłaszający", "Przypisany do", "Stan", "Opis"),
    ("Žadatel", "Řešitel", "Stav", "Popis"),
    ("Ügyfél", "Felelős", "Állapot", "Leírás"),
    ("Talep eden", "Atanan", "Durum", "Açıklama"),
    ("Заявитель", "Исполнитель", "Статус", "Описание"),
    ("Клієнт", "Виконавець", "Статус", "Опис"),
    ("מבקש", "אחראי", "סטטוס", "תיאור"),
    ("العميل", "المسؤول", "الحالة", "الوصف"),
    ("依頼者", "担当者", "ステータス", "説明"),
    ("요청자", "담당자", "상태", "설명"),
    ("请求者", "受理人", "状态", "描述"),
]
BODY = f"Please ask eve@evil.example.\nFrom: eve@evil.example\nRequester: {SAM}"
EMOJI = ["", "👤 ", "🧑‍💻 ", ":ticket: ", "• ", "1. ", "- ", "▪️ "]


def pairs(language: tuple[str, ...]) -> list[tuple[str, str]]:
    return list(zip(language, (JANE, SAM, "New", BODY), strict=True))


@pytest.mark.parametrize("language", LANGUAGES, ids=[language[0] for language in LANGUAGES])
def test_fields_in_any_order_and_language_are_about_the_same_person(language: tuple[str, ...]) -> None:
    for order in itertools.permutations(pairs(language)):
        attached = [{"title": title, "value": value} for title, value in order]
        url = "https://acme.zendesk.com/agent/tickets/7"
        assert asked(message("", attachments=[{"title": "x", "title_link": url, "fields": attached}])) == [
            JANE
        ]
        texts = [f"*{title}*\n{value}" for title, value in order]
        assert asked(message("", blocks=[section(TICKET), fields(*texts)])) == [JANE]
        cells = [[{"type": "raw_text", "text": text} for text in row] for row in order]
        assert asked(message("", blocks=[section(TICKET), {"type": "table", "rows": cells}])) == [JANE]


@pytest.mark.parametrize("language", LANGUAGES, ids=[language[0] for language in LANGUAGES])
@examples(20)
@given(data=st.data())
def test_lines_in_any_language_and_decoration_are_about_the_same_person(
    language: tuple[str, ...], data: st.DataObject
) -> None:
    *labelled, (description, body) = pairs(language)
    lines = data.draw(st.permutations(labelled))
    form = data.draw(
        st.sampled_from(
            ["{}{}: {}", "{}*{}*: {}", "{}*{}:* {}", "{}{} : {}", "{}{}：{}", "{}{} - {}", "{}{} = {}"]
        )
    )
    shown = [form.format(data.draw(st.sampled_from(EMOJI)), label, value) for label, value in lines]
    below = form.format(data.draw(st.sampled_from(EMOJI)), description, body)
    assert asked(message("\n".join([TICKET, *shown, below]))) == [JANE]
    # Above them, the description makes all that follows the customer's: an offer, and nobody else.
    above = read(message("\n".join([TICKET, below, *shown])))
    assert (above.action, above.subjects) == (Action.OFFER, ())


def titled(title: str, text: str) -> dict[str, Any]:
    return {"title": title, "value": text}


@pytest.mark.parametrize("label", ["Anwender", "Melder-Kontakt", "Who is it about?"])
def test_a_configured_label_is_a_requesters_in_every_form(label: str) -> None:
    rules = replace(RULES, requester_labels=(label.upper(),))
    for text in (f"{label}: {JANE}", f"*{label}*\n{JANE}", f"👤 *{label}:* Jane ({JANE})"):
        assert asked(message(f"{TICKET}\n{text}"), rules) == [JANE]
        assert asked(message(f"{TICKET}\n{text}")) == []
    assert asked(message("", attachments=[{"fields": [titled(label, JANE)]}]), rules) == [JANE]


def test_the_shape_says_by_what_without_a_word_of_the_message() -> None:
    labelled = read(message(f"{TICKET}\nKunde: Jane ({JANE})", app_id="A0DESK001"))
    assert labelled.shape == "A0DESK001 zendesk: label requester in body"
    again = read(message(f"{TICKET}\nRequester: {SAM}", app_id="A0DESK001"))
    assert again.shape == labelled.shape
    assert read(message(f"{TICKET}\nRequester: Jane")).shape == ""
    offered = labelled.as_offer("It was wrong before.")
    assert (offered.action, offered.subjects, offered.shape) == (Action.OFFER, (), "")
    assert [address.value for address in offered.mentioned] == [JANE]


@pytest.mark.parametrize(
    "address",
    [
        "jane@नमा.example",
        "jane@contoso.उदाहरण",
        "jane@نامه\u200cای.example",
        "jane@contoso.نامه\u200cای",
        "jane@contoso.b\u200cc.example",
        "ja\u200bne@contoso.example",
    ],
)
def test_a_ticket_names_whom_the_same_address_names_after_the_command_or_nobody(address: str) -> None:
    asked_for = read_command(address)
    named = {asked_for.subject.value} if isinstance(asked_for, Ask) else set()
    mail = {"id": "F0MAIL", "mode": "email", "from": [{"address": address, "original": f"Jane <{address}>"}]}
    for posted in (
        message(blocks=[section(TICKET), fields(f"*Requester*\n{address}")]),
        message(f"{TICKET} from Jane Doe ({address})"),
        message(subtype="file_share", files=[mail]),
    ):
        reading = read(posted)
        assert {subject.value for subject in (*reading.requester, *reading.mentioned)} <= named


@pytest.mark.parametrize(
    "rules",
    [
        replace(RULES, internal_domains=("straße.example",)),
        replace(RULES, ignored_addresses=("sam@straße.example",)),
    ],
    ids=["internal_domains", "ignored_addresses"],
)
def test_a_domain_of_our_own_in_unicode_is_ours_as_addresses_have_it(rules: TicketRules) -> None:
    own, similar = "sam@straße.example", "jane@strasse.example"
    assert asked(message(blocks=[section(TICKET), fields(f"*Requester*\n{own}")]), rules) == []
    assert asked(message(blocks=[section(TICKET), fields(f"*Requester*\n{similar}")]), rules) == [similar]
