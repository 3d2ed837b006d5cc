"""The sample tickets as the page's menu lists them: by desk, with a title that says what each one shows."""

from collections.abc import Mapping
from types import MappingProxyType

TITLES: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        "Zendesk": (
            ("05_zendesk_trigger_attachment_fields", "A new ticket, with the agent’s address beside it"),
            ("02_zendesk_app_requester_is_email", "Zendesk’s own app names the requester’s address"),
            ("01_zendesk_app_id_only", "No address at all: Zendesk is asked who wrote"),
            ("06_zendesk_trigger_name_angle_email", "Name and address in angle brackets"),
            ("106_label_details_then_from", "The customer’s text has a “From” line too"),
            ("119_zendesk_submitter_is_an_agent", "A colleague typed it in for the customer"),
            ("125_unknown_label_agent", "An address below a label nobody knows"),
            ("127_translated_assignee", "The same in Korean"),
            ("151_own_domain_of_the_desk", "A desk under the company’s own domain"),
        ),
        "Intercom": (
            ("08_intercom_app_new_conversation", "A new conversation"),
            ("160_address_as_label_of_the_ticket_link", "The address is the text of the link"),
        ),
        "Freshdesk": (("10_freshdesk_automation_text", "A new ticket, in one line of text"),),
        "Help Scout": (("11_helpscout_app_attachment", "A new conversation, with the mailbox’s address"),),
        "HubSpot": (("13_hubspot_ticket_blocks", "A new ticket, in blocks"),),
        "Jira": (
            ("15_jira_automation_text", "A new request: reporter before agent"),
            ("158_issue_text_with_equals", "An issue whose text has addresses in it"),
        ),
        "ServiceNow": (("120_servicenow_opened_by", "The caller, and who opened it for them"),),
        "Gorgias": (("17_gorgias_http_integration", "A new ticket, with bars between the values"),),
        "Plain": (("19_plain_thread_created", "A new thread with one address"),),
        "Chatwoot": (
            ("23_chatwoot_new_conversation", "A visitor without an address"),
            ("102_chatwoot_body_names_colleague", "A visitor who names somebody else"),
        ),
        "Papercups": (("25_papercups_initial_thread", "A new conversation from the web page"),),
        "osTicket": (
            ("27_osticket_attachment", "A new ticket"),
            ("101_osticket_update_other_address", "An update that quotes another address"),
            ("112_osticket_subject_is_a_label_word", "A ticket with the subject “Question”"),
            ("110_subject_names_somebody", "The subject names somebody"),
        ),
        "Zammad": (("104_zammad_webhook_body", "A name only; the text has an address"),),
        "Email in Slack": (
            ("29_email_app_full", "An email to the channel"),
            ("138_colleague_writes_from_line", "A colleague forwards a customer’s mail"),
            ("140_contact_form_mail_reply_to", "A contact form: the customer is in Reply-To"),
            ("141_google_group_rewrites_sender", "A Google group writes “via Support”"),
            ("143_forwarded_in_russian", "A forwarded mail, in Russian"),
            ("109_gmail_script_body_has_from", "A script that posts mail without its sender"),
        ),
        "Forms and bots": (
            ("33_zapier_email_request", "Zapier: from name and address"),
            ("114_workflow_form_second_question", "A Slack workflow’s form"),
            ("107_form_message_has_email_line", "A form whose message has an “Email” line"),
            ("144_emoji_before_labels", "Emoji before the labels"),
            ("146_german_labels", "Labels in German"),
            ("116_section_field_label_leaks", "A field without a value"),
            ("117_empty_value_takes_next_block", "An empty value before another field"),
            ("122_new_email_is_not_the_requesters", "A change of address"),
            ("152_digest_of_links", "A digest of several tickets"),
            ("45_two_requesters", "Two requesters at once"),
            ("56_user_id_only", "A user id and no address"),
        ),
        "How addresses are written": (
            ("49_uppercase_plus_address", "Capitals and a plus tag"),
            ("51_trailing_punctuation_and_markup", "In brackets and bold, with a full stop"),
            ("133_zero_width_inside_address", "With invisible characters inside"),
            ("135_soft_hyphen_in_domain", "With a soft hyphen in the domain"),
            ("137_only_the_domain_is_linked", "Only the domain is a link"),
            ("132_address_cut_with_ellipsis", "Cut off by a template"),
            ("53_email_like_noise", "Things that only look like addresses"),
            ("55_label_lookalikes", "“Requester’s manager” is not the requester"),
        ),
        "Not a ticket, or not a new one": (
            ("35_human_quotes_a_ticket", "A colleague quotes a ticket"),
            ("37_message_changed_same_requester", "A desk edits its message: same requester"),
            ("38_message_changed_adds_email", "A desk edits its message: now with an address"),
            ("41_bot_update_inside_thread", "An update inside a thread"),
            ("43_own_message", "A message of Casefile’s own"),
            ("130_link_preview_names_contact", "A web page that Slack previewed"),
            ("155_github_issue_body", "A GitHub issue"),
        ),
    }
)
"""For each desk, its samples' names and titles, the plainest first."""
