"""The words of the page that plays a replay in the side pane, and of why it plays none."""

TITLE = "Replay"
PLAY = "Play the replay"
LOADING = "Fetching the recording…"
PLAYED = "Pictures and fonts that the site loads from elsewhere are left out."
NOT_PLAYED = "This recording cannot be played: it is not of a form that the player knows."
NOT_FETCHED = "Casefile cannot be reached. Try again in a moment."
IN_A_SANDBOX = (
    "Slack shows this page in a frame that plays nothing. Whoever manages the app can change that: in its"
    " settings, Work Object Previews, embeds, switch on allow-same-origin."
)

FROM_ELSEWHERE = "A replay plays in Slack’s side pane alone. Open the card there."
NOT_OURS = "This address was not made by Casefile, or was changed."
TOO_OLD = "This address is more than ten minutes old. Refresh the side pane, and the replay is there again."
TAKEN = (
    "This replay was opened in another browser, and an address is for one person: open the card in Slack"
    " yourself, or refresh the side pane."
)
TOO_OFTEN = "You have asked so often in the last minute that you have to wait for {seconds} seconds."
TOO_MANY = "Too many replays are being fetched just now. Try again in a moment."
NO_RECORDING = "{source} has no recording of this visit, or none any more."
NOT_READ = "{why}. Try again in a few minutes; `/sessions debug` says how each tool is."
DATABASE_AWAY = "Casefile’s database cannot be reached. Try again in a moment."
