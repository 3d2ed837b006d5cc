"""
Replays in a card's side pane: a page that plays a session's recording inside Slack.

Slack loads the address that it is given for the pane in a frame
(https://docs.slack.dev/messaging/work-objects-embeds). Nobody says who looks at a frame; so the address is
for one person, one session and ten minutes, and for the browser that plays it first.
"""
