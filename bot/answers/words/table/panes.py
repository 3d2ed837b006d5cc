"""
The words of Work Objects: names of fields and buttons, and what a side pane says that has nothing to show.

The sentences that cards share with answers stand in the table itself, `__init__.py`.
"""

SESSION = "Session"
PERSON = "Person"
CUSTOMER = "Customer"
BEGAN = "Began"
LASTED = "Lasted"
PAGES = "Pages"
DEVICE = "Device"
PLACE = "Place"
VISITS_FOUND = "Visits"
ERRORS_FOUND = "Errors"
WENT_WRONG = "Went wrong"
WENT_WRONG_AT = "Went wrong at"
EARLIER_VISIT = "Earlier visit"
REPLAY_BELOW = "Replay shown here"
EARLIER_ERROR = "Earlier error"
OPEN_ERROR = "Error in {source}"
TOOLS = "Tools"
FIND_ALL_SESSIONS = "Find all sessions"

# A side pane with nothing in it.
NOT_FOR_YOU = "Not for you"
STILL_ASKED = "Still being asked"
STILL_ASKED_WORDS = (
    "The tools have not answered yet. Casefile goes on asking them: refresh this pane in a few seconds."
)
UNKNOWN = "Nothing is known of this page"
UNKNOWN_WORDS = (
    "None of the configured tools knows this session or person any more, or it is another account’s."
    " Ask with `/sessions` and the customer’s address."
)
FAILED = "The tool cannot be asked"
FAILED_WORDS = (
    "The tool that this page is of did not answer as it should, so there is nothing to show."
    " Try again in a few minutes; `/sessions debug` says how each tool is."
)
