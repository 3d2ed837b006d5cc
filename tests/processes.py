"""Several processes that do the same at once, for tests: what their program imports is loaded once."""

import asyncio
import json
import sys

_FORKS = """
import json, os, sys, traceback

read = []
for _ in range(int(sys.argv[1])):
    out, into = os.pipe()
    if os.fork() == 0:
        os.dup2(into, 1)
        os.dup2(into, 2)
        try:
            run(*sys.argv[2:])
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(0)
    os.close(into)
    read.append(out)
print(json.dumps([os.fdopen(out).read() for out in read]))
"""


async def printed_at_once(program: str, *arguments: str, times: int) -> list[str]:
    """
    What each of several processes prints, its errors too.

    Args:
        program: source that defines `run`; each process calls it.
        arguments: what `run` is called with.
        times: how many processes there are.

    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program + _FORKS, str(times), *arguments, stdout=asyncio.subprocess.PIPE
    )
    printed: list[str] = json.loads((await process.communicate())[0])
    return printed
