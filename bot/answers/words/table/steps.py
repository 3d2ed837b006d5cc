"""
The words of the step that workflows of Slack have: what they answer, and why one failed.

Slack tells whoever runs a workflow of a step that failed, in its own message, with these words. They stand
in no markup: nobody knows where a workflow shows them.
"""

LINK = "{label} {url}"
MASKED = "Names and links are left out here. Ask {command} for them, in a channel where you may."

NOBODY_RUNS_IT = (
    "Casefile was not told who runs this workflow, so nobody was looked up. Have it started by somebody’s own"
    " click, such as a link, a button or a form, and not by a schedule, a webhook or another app."
)
NO_CUSTOMER = "No customer was named, so nobody was looked up. {why}"
NOT_READ = "“{customer}” was not understood, so nobody was looked up. {why}"
NONE_ANSWERED = "No tool could answer, so it is not known whether there is anything of this customer. {lines}"
NO_SOURCE = "No tool is configured yet, so nobody was looked up. Whoever installed Casefile can add one."
OLD_MANIFEST = (
    "Slack knows this step of Casefile as it was before. Whoever installed Casefile can mend that: paste what"
    " “casefile manifest --with-workflow-step” prints into the app’s manifest."
)
UNEXPECTED = (
    "Casefile could not finish this lookup: something unexpected went wrong, and it was logged. Please run"
    " the workflow again; if it happens again, tell whoever installed Casefile."
)
"""What whoever runs a workflow is told where the job of its step was given up."""
