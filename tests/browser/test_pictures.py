"""Every picture in the documents is what the page shows: drawn again, it has its words and its looks."""

import base64
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from sandbox.camera import Camera
from sandbox.pictures import draw
from tests.browser.conftest import BROWSER, Pages

pytestmark = BROWSER
ROOT = Path(__file__).parents[2]
DRAWN = ROOT / "docs" / "pictures"
PICTURES = sorted(DRAWN.glob("*.png"))
# Fonts of another version may make an element a line higher.
ANOTHER_SIZE = 0.05
# The share of squares of 24 pixels that are darker or lighter than before by a tenth of the way from black to
# white. Letters that are drawn otherwise are below it, a line of text that is elsewhere is above it.
AS_DRAWN_OTHERWISE = 0.01
DIFFERENCE = """async ([drawn, again, cut, blur, narrower]) => {
  const side = 24;
  const squares = async (picture, cut, blur, narrower) => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${picture}`)).blob());
    const lastColumn = image.width % side || side;
    const [width, height] = [image.width - (narrower ? lastColumn : 0), image.height];
    const context = new OffscreenCanvas(width, height).getContext("2d");
    context.fillStyle = "white";
    context.fillRect(0, 0, width, height);
    context.filter = blur ? `blur(${blur}px)` : "none";
    context.drawImage(image, 0, 0, width, cut[0], blur, blur, width, cut[0]);
    const below = cut[0] + cut[1];
    context.drawImage(image, 0, below, width, height - below, blur, cut[0] + blur, width, height - below);
    const { data } = context.getImageData(0, 0, width, height);
    const columns = Math.ceil(width / side);
    const grey = new Array(columns * Math.ceil(height / side)).fill(0);
    for (let at = 0; at < data.length; at += 4) {
      const [x, y] = [(at / 4) % width, Math.floor(at / 4 / width)];
      const light = (0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2]) / 255;
      grey[Math.floor(y / side) * columns + Math.floor(x / side)] += light / side / side;
    }
    return { size: [width, height], columns, grey };
  };
  const [one, other] = [await squares(drawn, [100, 0], 0, false), await squares(again, cut, blur, narrower)];
  // A picture that is a pixel narrower may have a column of squares less.
  const inBoth = Math.min(one.columns, other.columns);
  const there = (at) => Math.floor(at / one.columns) * other.columns + at % one.columns;
  const changed = (light, at) => Math.abs(light - (other.grey[there(at)] ?? 0)) > 0.1;
  const apart = one.grey.filter((light, at) => at % one.columns < inBoth && changed(light, at));
  return { sizes: [one.size, other.size], share: apart.length / one.grey.length };
}"""


async def difference(
    page: Page,
    drawn: Path,
    again: Path,
    *,
    cut: tuple[int, int] = (100, 0),
    blur: float = 0,
    narrower: bool = False,
) -> tuple[list[list[int]], float]:
    """
    Both sizes, and which share of the squares has changed.

    Of the second picture a strip may be `cut`, from where and how high, as if that had not been there; and it
    may be drawn blurred and beside its place by as much, and without its last column of squares.
    """
    pictures = [base64.b64encode(file.read_bytes()).decode() for file in (drawn, again)]
    found: dict[str, Any] = await page.evaluate(DIFFERENCE, [*pictures, list(cut), blur, narrower])
    return found["sizes"], found["share"]


async def test_a_picture_drawn_again_shows_what_it_did(browser: Browser, tmp_path: Path) -> None:
    page = await browser.new_page()
    session = await page.context.new_cdp_session(page)
    await draw(tmp_path, Camera(session.send))
    await page.goto("about:blank")
    for before, now in ((picture, tmp_path / picture.name) for picture in PICTURES):
        words = [file.with_suffix(".txt").read_text().splitlines() for file in (before, now)]
        assert words[1] == words[0], f"{before.name} is not what the page shows; run: make pictures"
        (size, other), share = await difference(page, before, now)
        near = [abs(one - two) <= ANOTHER_SIZE * one for one, two in zip(size, other, strict=True)]
        assert all(near), f"{before.name} was {size} and is {other}; run: make pictures"
        assert share <= AS_DRAWN_OTHERWISE, f"{before.name} looks otherwise; run: make pictures"
    await page.close()


@pytest.mark.parametrize("picture", PICTURES, ids=lambda file: file.stem)
async def test_a_line_that_is_missing_is_seen_and_letters_drawn_otherwise_are_not(
    pages: Pages, picture: Path
) -> None:
    async with pages.one() as page:
        _sizes, share = await difference(page, picture, picture, blur=0.7)
        assert share <= AS_DRAWN_OTHERWISE
        _sizes, share = await difference(page, picture, picture, narrower=True)
        assert share <= AS_DRAWN_OTHERWISE
        # A line of text is 22 pixels of the page, and a picture has one and a half for each.
        _sizes, share = await difference(page, picture, picture, cut=(250, 33))
        assert share > AS_DRAWN_OTHERWISE
